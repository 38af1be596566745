package dev.baton.model.quantize;

import dev.baton.model.ConfigJson;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.NewDirectory;
import dev.baton.model.QuantizedMatrices;
import dev.baton.model.json.Json;
import dev.baton.model.weights.SafetensorsWriter.Entry;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.TransformerTensors.Expected;
import dev.baton.model.weights.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes an int8 copy of a model, in the compressed-tensors format: every matrix whose rows are
 * whole groups of {@value Tensor#GROUP}, the embedding and the output layer among them, with a bf16
 * scale a group. Biases, norms and other matrices stay as they are. The same model gives the same
 * bytes on every machine.
 */
public final class QuantizedModel {
  private static final String CONFIG = "config.json";

  /** Kinds of files beside the weights that belong to a model. */
  private static final Set<String> TEXT = Set.of("json", "jinja", "txt", "model", "md", "");

  private QuantizedModel() {}

  /**
   * What became of the weights.
   *
   * @param bytesBefore of all tensors of the architecture
   * @param bytesAfter of the same, scales included
   * @param quantized matrices that are int8
   * @param left names of matrices that stayed as they are
   */
  public record Outcome(long bytesBefore, long bytesAfter, int quantized, List<String> left) {
    /** Copies the list. */
    public Outcome {
      left = List.copyOf(left);
    }
  }

  /** Which matrices of a model of this configuration become int8. */
  static QuantizedMatrices matrices(ModelConfig config) {
    List<String> ignored = new ArrayList<>();
    for (Expected each : TransformerTensors.of(config)) {
      if (each.shape().size() == 2 && each.shape().getLast() % Tensor.GROUP != 0) {
        ignored.add(QuantizedMatrices.module(each.name()));
      }
    }
    if (config.tiedEmbeddings()) {
      // Other readers have such a module, whose weight is the embedding's.
      ignored.add(QuantizedMatrices.module(TransformerTensors.OUTPUT));
    }
    return new QuantizedMatrices(
        List.of(QuantizedMatrices.LINEAR, QuantizedMatrices.EMBEDDING), ignored);
  }

  /**
   * Writes the copy, with tokenizer, chat template and generation defaults, or nothing: the files
   * appear under {@code target} all at once, as many weights files as the model has. Blocks; uses
   * all processors and little memory.
   *
   * @param progress hears what is being done
   * @throws ModelException if the model is quantized already, if one of its weights is not finite,
   *     or if the target is taken or cannot be written
   */
  public static Outcome write(ModelDirectory model, Path target, Consumer<String> progress) {
    if (!model.quantized().equals(QuantizedMatrices.NONE)) {
      throw new ModelException(
          Code.UNSUPPORTED,
          model.path().resolve(CONFIG),
          "has a quantization_config: the model is quantized already");
    }
    QuantizedMatrices matrices = matrices(model.config());
    try (Weights weights = Weights.open(model)) {
      NewDirectory.write(
          target,
          "a quantized model",
          staging -> {
            copyText(model.path(), staging);
            writeConfig(model.path(), staging, matrices);
            writeWeights(model, weights, matrices, staging, progress);
          });
      return outcome(model.config(), weights, matrices);
    }
  }

  private static Outcome outcome(ModelConfig config, Weights weights, QuantizedMatrices matrices) {
    long before = 0;
    int quantized = 0;
    List<String> left = new ArrayList<>();
    for (Expected each : TransformerTensors.of(config)) {
      before += weights.tensor(each.name()).data().byteSize();
      if (matrices.has(each)) {
        quantized++;
      } else if (each.shape().size() == 2) {
        left.add(each.name());
      }
    }
    long after =
        file(List.copyOf(weights.tensors()), matrices).entries().stream()
            .mapToLong(Entry::bytes)
            .sum();
    return new Outcome(before, after, quantized, left);
  }

  private static QuantizedFile file(List<Tensor> tensors, QuantizedMatrices matrices) {
    return new QuantizedFile(
        tensors, each -> matrices.has(new Expected(each.name(), each.shape())));
  }

  private static void copyText(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        String name = each.getFileName().toString();
        String kind = name.contains(".") ? name.substring(name.lastIndexOf('.') + 1) : "";
        boolean text = TEXT.contains(kind.toLowerCase(Locale.ROOT)) && !name.startsWith(".");
        if (text && !name.equals(CONFIG) && !name.endsWith(".index.json")) {
          Files.copy(each, to.resolve(name));
        }
      }
    }
  }

  private static void writeConfig(Path from, Path to, QuantizedMatrices matrices)
      throws IOException {
    ObjectNode config = (ObjectNode) Json.MAPPER.readTree(Files.readString(from.resolve(CONFIG)));
    config.set("quantization_config", ConfigJson.quantization(matrices));
    write(to.resolve(CONFIG), config);
  }

  private static void writeWeights(
      ModelDirectory model,
      Weights weights,
      QuantizedMatrices matrices,
      Path to,
      Consumer<String> progress)
      throws IOException {
    Map<String, List<Tensor>> files = new TreeMap<>();
    for (Tensor each : weights.tensors()) {
      files.computeIfAbsent(weights.file(each), name -> new ArrayList<>()).add(each);
    }
    ObjectNode index = Json.MAPPER.createObjectNode();
    long bytes = 0;
    int of = weights.tensors().size();
    int[] started = {0};
    for (Map.Entry<String, List<Tensor>> each : files.entrySet()) {
      QuantizedFile file = file(each.getValue(), matrices);
      try {
        file.write(
            to.resolve(each.getKey()),
            () -> progress.accept("writing weights: " + 10 * (10 * started[0]++ / of) + " %"));
      } catch (QuantizedFile.NotFiniteException e) {
        throw new ModelException(
            Code.FILE_CORRUPT,
            model.path().resolve(each.getKey()),
            String.valueOf(e.getMessage()),
            e);
      }
      for (Entry entry : file.entries()) {
        index.withObject("/weight_map").put(entry.name(), each.getKey());
        bytes += entry.bytes();
      }
    }
    if (!files.keySet().equals(Set.of(Weights.FILE))) {
      index.putObject("metadata").put("total_size", bytes);
      write(to.resolve(Weights.INDEX), index);
    }
  }

  private static void write(Path file, ObjectNode content) throws IOException {
    Files.writeString(file, content.toPrettyString() + "\n");
  }
}
