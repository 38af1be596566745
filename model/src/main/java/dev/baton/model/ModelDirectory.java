package dev.baton.model;

import dev.baton.model.ModelException.Code;
import dev.baton.model.json.JsonFields;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A Hugging Face model directory whose configuration was read and found usable. Immutable; holds no
 * file open.
 *
 * @param path the directory, absolute
 * @param config from {@code config.json}
 * @param quantized which of its matrices are int8, from {@code config.json}'s {@code
 *     quantization_config}
 * @param generationDefaults from {@code generation_config.json}
 */
public record ModelDirectory(
    Path path,
    ModelConfig config,
    QuantizedMatrices quantized,
    GenerationDefaults generationDefaults) {
  /**
   * Reads {@code config.json} and, where there is one, {@code generation_config.json}.
   *
   * @throws ModelException naming the file and the field that is wrong
   */
  public static ModelDirectory open(Path directory) {
    Path path = directory.toAbsolutePath().normalize();
    if (!Files.isDirectory(path)) {
      throw new ModelException(
          Code.FILE_MISSING, path, "is no directory, expected a Hugging Face model directory");
    }
    JsonFields fields = JsonFields.read(path.resolve(ConfigFile.NAME));
    ModelConfig config = ConfigFile.parse(fields);
    return new ModelDirectory(
        path,
        config,
        QuantizationFields.read(fields),
        GenerationFile.read(path, fields, config.vocabulary()));
  }

  /** The directory's own name: what the model is called where nobody named it. */
  public String name() {
    Path last = path.getFileName();
    return last == null ? path.toString() : last.toString();
  }
}
