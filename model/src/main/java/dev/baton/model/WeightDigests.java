package dev.baton.model;

import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.Weights;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What the weights add to a {@linkplain LineageDigest lineage}.
 *
 * @param lines one for each tensor that decides KV, in the order in which a token meets them: its
 *     name, dtype, shape, the SHA-256 of its bytes and that of its scales, where it has some
 */
public record WeightDigests(List<String> lines) {
  /** Small enough to stay in a core's cache, large enough that the calls cost nothing. */
  private static final long CHUNK = 1 << 20;

  /** Copies the list. */
  public WeightDigests {
    lines = List.copyOf(lines);
  }

  /**
   * Of these weights. Reads every deciding one once, several at a time on the common pool; blocks
   * meanwhile.
   */
  public static WeightDigests of(ModelConfig config, Weights weights) {
    return new WeightDigests(
        TransformerTensors.decidingKv(config).parallelStream()
            .map(each -> line(weights.tensor(each.name())))
            .toList());
  }

  private static String line(Tensor tensor) {
    String line =
        tensor.name() + " " + tensor.dtype() + " " + tensor.shape() + " " + digest(tensor.data());
    return tensor.scales() == null ? line : line + " scales " + digest(tensor.scales().data());
  }

  private static String digest(MemorySegment data) {
    MessageDigest sha = sha256();
    for (long from = 0; from < data.byteSize(); from += CHUNK) {
      sha.update(data.asSlice(from, Math.min(CHUNK, data.byteSize() - from)).asByteBuffer());
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
