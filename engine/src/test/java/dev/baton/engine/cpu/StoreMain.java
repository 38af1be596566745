package dev.baton.engine.cpu;

import dev.baton.engine.digest.EngineDigest;
import dev.baton.engine.packed.Stores;
import dev.baton.model.ModelDirectory;
import java.nio.file.Path;

/** Prints the lineage and the digest of a model. Arguments: a store, the model. */
final class StoreMain {
  private StoreMain() {}

  public static void main(String[] arguments) {
    System.out.println("digest " + digest(Path.of(arguments[0]), Path.of(arguments[1])));
  }

  static String digest(Path store, Path model) {
    try (CpuEngine engine =
        CpuEngine.load(ModelDirectory.open(model), 16, 2, Stores.ofAll(store))) {
      return engine.lineage().hex() + " " + EngineDigest.of(engine, 60, step -> {}).value();
    }
  }
}
