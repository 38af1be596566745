package dev.baton.model.weights;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A model's tensors, memory-mapped.
 *
 * <ul>
 *   <li>Every tensor that the architecture needs is here, with the shape that the configuration
 *       says and a dtype of {@link WeightDtype}, wholly inside its file. What else the files hold
 *       is left out, but for biases, norms and scales in layers that have none by the
 *       configuration: they are refused.
 *   <li>A matrix is {@link WeightDtype#I8} if and only if the configuration says so, and has scales
 *       then.
 *   <li>Safe for use by many threads.
 *   <li>The mapping lives until {@link #close}; reading a tensor's data later fails with {@link
 *       IllegalStateException}. Nobody may shorten the files meanwhile.
 * </ul>
 */
public final class Weights implements AutoCloseable {
  /** The file of a model that has one. */
  public static final String FILE = "model.safetensors";

  /** The file that names the files of a model that has several. */
  public static final String INDEX = "model.safetensors.index.json";

  /** How the names of what changes a layer end: biases, norms, and what quantized weights need. */
  private static final List<String> PARTS =
      List.of(
          TransformerTensors.BIAS,
          "norm.weight",
          TransformerTensors.SCALES,
          "_zero_point",
          "_g_idx");

  private final Arena arena = Arena.ofShared();
  private final SortedMap<String, Tensor> tensors = new TreeMap<>();

  private final Map<String, String> files = new HashMap<>();
  private List<SourceFile> sources = List.of();

  private Weights() {}

  /**
   * Maps the weights of a model: {@code model.safetensors}, or the files that {@code
   * model.safetensors.index.json} names.
   *
   * @throws ModelException naming the file and the tensor that is wrong
   */
  public static Weights open(ModelDirectory directory) {
    Weights weights = new Weights();
    try {
      weights.load(directory);
      return weights;
    } catch (Throwable e) {
      weights.close();
      throw e;
    }
  }

  private void load(ModelDirectory directory) {
    SafetensorsIndex index = SafetensorsIndex.of(directory.path());
    sources = index.shards().stream().map(SourceFile::of).toList(); // before they are mapped
    Map<String, Stored> stored = stored(index);
    for (TransformerTensors.Expected expected : TransformerTensors.of(directory.config())) {
      Stored tensor = stored.get(expected.name());
      if (tensor == null) {
        throw missing(index.source(), expected.name());
      }
      tensors.put(
          expected.name(),
          directory.quantized().has(expected)
              ? grouped(expected, tensor, stored, index.source())
              : tensor.floats(expected));
      files.put(expected.name(), tensor.file.path().getFileName().toString());
    }
    Set<String> scales =
        tensors.values().stream()
            .map(Tensor::scales)
            .filter(Objects::nonNull)
            .map(Tensor::name)
            .collect(Collectors.toSet());
    stored.forEach((name, tensor) -> requireUsed(name, tensor, scales));
  }

  /** An int8 matrix with the scales that stand beside it. */
  private static Tensor grouped(
      TransformerTensors.Expected expected, Stored data, Map<String, Stored> stored, Path source) {
    MemorySegment elements = data.bytes(expected, WeightDtype.I8);
    int inputs = expected.shape().getLast();
    if (inputs % Tensor.GROUP != 0) {
      throw data.fault(
          Code.UNSUPPORTED,
          expected,
          "rows of "
              + inputs
              + " elements, supported in quantization_config: multiples of "
              + Tensor.GROUP);
    }
    TransformerTensors.Expected scales =
        new TransformerTensors.Expected(
            expected.name() + TransformerTensors.SCALES,
            List.of(expected.shape().getFirst(), inputs / Tensor.GROUP));
    Stored beside = stored.get(scales.name());
    if (beside == null) {
      throw missing(source, scales.name());
    }
    return new Tensor(
        expected.name(),
        WeightDtype.I8,
        expected.shape(),
        elements,
        new Tensor(
            scales.name(),
            WeightDtype.BF16,
            scales.shape(),
            beside.bytes(scales, WeightDtype.BF16)));
  }

  /** A part of a layer that nobody would use: the model is another one than it says. */
  private void requireUsed(String name, Stored tensor, Set<String> scales) {
    boolean part = name.startsWith("model.layers.") && PARTS.stream().anyMatch(name::endsWith);
    if (part && !tensors.containsKey(name) && !scales.contains(name)) {
      throw new ModelException(
          Code.UNSUPPORTED,
          tensor.file.path(),
          "tensor '" + name + "' belongs to no layer of the architecture that config.json names");
    }
  }

  /** All tensors of all files, whatever they are. */
  private Map<String, Stored> stored(SafetensorsIndex index) {
    Map<String, Stored> stored = new HashMap<>();
    for (Path shard : index.shards()) {
      SafetensorsFile file = SafetensorsFile.map(shard, arena);
      file.entries()
          .forEach((name, entry) -> {
            Stored other = stored.putIfAbsent(name, new Stored(file, entry));
            if (other != null) {
              throw new ModelException(
                  Code.FILE_CORRUPT,
                  shard,
                  "tensor '" + name + "' is also in " + other.file.path().getFileName());
            }
          });
    }
    index
        .home()
        .forEach((name, shard) -> {
          Stored tensor = stored.get(name);
          if (tensor == null || !tensor.file.path().equals(shard)) {
            throw new ModelException(
                Code.TENSOR_MISSING,
                shard,
                "tensor '" + name + "' is not here, where the index says that it is");
          }
        });
    return stored;
  }

  private record Stored(SafetensorsFile file, SafetensorsHeader.Entry entry) {
    /** As what is not quantized: in any dtype of floats. */
    Tensor floats(TransformerTensors.Expected expected) {
      requireShape(expected);
      for (WeightDtype dtype : WeightDtype.values()) {
        if (dtype != WeightDtype.I8 && dtype.name().equals(entry.dtype())) {
          return new Tensor(expected.name(), dtype, expected.shape(), file.bytes(entry));
        }
      }
      throw fault(
          Code.UNSUPPORTED,
          expected,
          "dtype "
              + Json.brief(entry.dtype())
              + ", supported: F32, F16 and BF16, and I8 where config.json's quantization_config says"
              + " so");
    }

    /** The bytes of what must have this very dtype. */
    MemorySegment bytes(TransformerTensors.Expected expected, WeightDtype dtype) {
      requireShape(expected);
      if (!dtype.name().equals(entry.dtype())) {
        throw fault(
            Code.TENSOR_MISMATCH,
            expected,
            "dtype "
                + Json.brief(entry.dtype())
                + ", expected "
                + dtype
                + " by config.json's quantization_config");
      }
      return file.bytes(entry);
    }

    private void requireShape(TransformerTensors.Expected expected) {
      List<Long> shape = expected.shape().stream().map(Integer::longValue).toList();
      if (!entry.shape().equals(shape)) {
        throw fault(
            Code.TENSOR_MISMATCH,
            expected,
            "shape " + entry.shape() + ", expected " + shape + " by config.json");
      }
    }

    ModelException fault(Code code, TransformerTensors.Expected expected, String what) {
      return new ModelException(code, file.path(), "tensor '" + expected.name() + "' has " + what);
    }
  }

  private static ModelException missing(Path source, String name) {
    return new ModelException(
        Code.TENSOR_MISSING,
        source,
        "tensor '"
            + name
            + "' is not in the weights"
            + (name.equals(TransformerTensors.OUTPUT)
                ? ", and config.json does not set tie_word_embeddings"
                : ""));
  }

  /**
   * The tensor of this name.
   *
   * @throws IllegalArgumentException if there is none; see {@link #has}
   */
  public Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("tensor: there is no '" + name + "' in this model");
    }
    return tensor;
  }

  /** Whether there is a tensor of this name. {@code lm_head.weight} is not where it is tied. */
  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** All tensors of the architecture, in the order of their names. */
  public Collection<Tensor> tensors() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  /** The name of the file that this tensor stands in; its scales may be in another. */
  public String file(Tensor tensor) {
    return Objects.requireNonNull(files.get(tensor.name()), tensor.name());
  }

  /** The files, as they were when they were opened, in the order of their names. */
  public List<SourceFile> sources() {
    return sources;
  }

  /**
   * Requires that what was read so far is of one state of the files.
   *
   * @throws ModelException naming the file that changed since they were opened
   */
  public void requireUnchanged() {
    for (SourceFile source : sources) {
      if (!source.isUnchanged()) {
        throw new ModelException(
            Code.FILE_CORRUPT, source.path(), "changed while it was read; start again");
      }
    }
  }

  /** Unmaps the files. Idempotent. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
