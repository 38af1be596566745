package dev.baton.cli.node;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model a server serves. */
final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description =
          "Hugging Face model directory: config.json, *.safetensors, tokenizer.json. Required.")
  private Path directory = Path.of("");

  @Option(
      names = "--model-name",
      paramLabel = "NAME",
      description = "Name by which clients ask for the model. Default: the directory's own.")
  private @Nullable String name;

  Path directory() {
    return directory;
  }

  String name() {
    return name != null ? name : ModelDirectory.open(directory).name();
  }

  /** Bytes that a block of the model's KV takes in memory. */
  long blockBytes(int blockTokens) {
    ModelConfig config = ModelDirectory.open(directory).config();
    return new Layout(
            config.layers(),
            config.kvHeads(),
            config.headSize(),
            KvDtype.F32,
            blockTokens,
            PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN)
        .blockBytes();
  }
}
