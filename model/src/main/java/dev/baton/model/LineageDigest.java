package dev.baton.model;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelConfig.SlidingWindow;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.SortedSet;

/**
 * Computes the lineage of a model: SHA-256 of a text with one line for each number that decides KV
 * bits and one for each weight that does, the latter with the SHA-256 of its bytes and those of its
 * scales, where it has some. The first of the numbers is the version of the arithmetic that makes
 * KV of weights.
 *
 * <p>Not in it, because K and V do not depend on them: the last layer's weights after its K and V,
 * the final norm, the output layer, the last layer's window, the context length, all names.
 */
public final class LineageDigest {
  /**
   * Version of the engine's arithmetic: raise it with every change of the embedded engine's kernels
   * that changes a bit of K or V. KV outlives the program (a disk tier keeps it over restarts), and
   * KV of an older arithmetic must not be taken for this one's.
   */
  public static final int ARITHMETIC_VERSION = 1;

  private static final String DOMAIN = "baton-lineage-1";

  /**
   * Of every family: they differ in their tensors and in the window, which have lines of their own.
   */
  private static final String ARCHITECTURE = Family.LLAMA.architecture();

  private LineageDigest() {}

  /** The lineage of KV that these weights make, in blocks of this shape. */
  public static Lineage of(
      ModelConfig config, WeightDigests weights, KvDtype dtype, int blockTokens, PlaneOrder order) {
    return of(ARITHMETIC_VERSION, config, weights, dtype, blockTokens, order);
  }

  static Lineage of(
      int arithmeticVersion,
      ModelConfig config,
      WeightDigests weights,
      KvDtype dtype,
      int blockTokens,
      PlaneOrder order) {
    StringBuilder text = new StringBuilder(DOMAIN).append('\n');
    line(text, "arithmetic", arithmeticVersion);
    line(text, "architecture", ARCHITECTURE);
    line(text, "layers", config.layers());
    line(text, "hidden", config.hidden());
    line(text, "heads", config.heads());
    line(text, "kv heads", config.kvHeads());
    line(text, "head size", config.headSize());
    line(text, "rms norm epsilon", bits(config.rmsNormEpsilon()));
    line(text, "rope theta", bits(config.rope().theta()));
    line(text, "rope scaling", scaling(config.rope().scaling()));
    window(config).ifPresent(each -> line(text, "sliding window", each));
    line(text, "kv dtype", dtype);
    line(text, "block tokens", blockTokens);
    line(text, "plane order", order);
    weights.lines().forEach(each -> line(text, "tensor", each));
    return Lineage.of(
        WeightDigests.sha256().digest(text.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static void line(StringBuilder text, String field, Object value) {
    text.append(field).append(' ').append(value).append('\n');
  }

  /** The window of the layers whose attention reaches a later layer's KV: all but the last. */
  private static Optional<String> window(ModelConfig config) {
    SlidingWindow window = config.options().slidingWindow();
    SortedSet<Integer> deciding = window.layers().headSet(config.layers() - 1);
    return deciding.isEmpty()
        ? Optional.empty()
        : Optional.of(window.tokens() + " in layers " + deciding);
  }

  private static String scaling(Scaling scaling) {
    return switch (scaling) {
      case Scaling.None none -> "none";
      case Scaling.Linear linear -> "linear " + bits(linear.factor());
      case Scaling.Llama3 llama3 ->
          String.join(
              " ",
              "llama3",
              bits(llama3.factor()),
              bits(llama3.lowFrequencyFactor()),
              bits(llama3.highFrequencyFactor()),
              Integer.toString(llama3.originalContext()));
      case Scaling.Yarn yarn ->
          String.join(
              " ",
              "yarn",
              bits(yarn.factor()),
              Integer.toString(yarn.originalContext()),
              bits(yarn.fastTurns()),
              bits(yarn.slowTurns()),
              bits(yarn.attentionFactor()),
              Boolean.toString(yarn.wholePairs()));
    };
  }

  private static String bits(double value) {
    return HexFormat.of().toHexDigits(Double.doubleToLongBits(value));
  }
}
