package dev.baton.engine.cpu;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.baton.engine.digest.EngineDigest;
import dev.baton.model.Family;
import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.WeightDtype;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Computes the digests of small models of every family, one after the other, so that the kernels
 * pass through all tiers of the compiler, and prints one line: {@code UseAVX=2 lanes=8 {LLAMA
 * BF16=..., ...}}. Arguments: a directory for the models, the types of weights.
 */
final class DigestMain {
  /** Leaves a rest on every width. */
  private static final int BLOCK_TOKENS = 21;

  private static final int TOKENS = 60;
  private static final int THREADS = 2;

  private DigestMain() {}

  public static void main(String[] arguments) {
    List<WeightDtype> dtypes = Stream.of(arguments).skip(1).map(WeightDtype::valueOf).toList();
    Map<String, String> all = digests(Path.of(arguments[0]), dtypes);
    System.out.println("UseAVX=" + avx() + " lanes=" + Lanes.COUNT + " " + all);
  }

  /** What the JVM was held to, or what the machine has. */
  static String avx() {
    return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .getVMOption("UseAVX")
        .getValue();
  }

  /** The digests of every family with these types of weights, by their names. */
  static Map<String, String> digests(Path directory, List<WeightDtype> dtypes) {
    Map<String, String> all = new TreeMap<>();
    for (Family family : Family.values()) {
      for (WeightDtype dtype : dtypes) {
        all.put(family + " " + dtype, digest(directory, family, dtype));
      }
    }
    return all;
  }

  /** The digest of the model of this kind. */
  static String digest(Path directory, Family family, WeightDtype dtype) {
    try (CpuEngine engine =
        CpuEngine.load(model(directory, family, dtype), BLOCK_TOKENS, THREADS)) {
      return EngineDigest.of(engine, TOKENS, step -> {}).value();
    }
  }

  /** One model of each kind, always the same. */
  private static ModelDirectory model(Path directory, Family family, WeightDtype dtype) {
    return SmallModel.write(
        directory.resolve(family + "-" + dtype),
        SmallModel.ofKind(family, dtype, new SplittableRandom(7 + family.ordinal())),
        dtype,
        77);
  }
}
