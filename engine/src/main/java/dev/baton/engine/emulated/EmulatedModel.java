package dev.baton.engine.emulated;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What an emulated engine pretends to run.
 *
 * @param layout of its blocks: elements are opaque, only their number and size count
 * @param lineage of its made-up KV: two engines have the same only if they make the same bytes
 * @param vocabulary number of token ids, that of the tokenizer which its tokens are read with
 * @param contextTokens most positions
 */
public record EmulatedModel(Layout layout, Lineage lineage, int vocabulary, int contextTokens) {
  /** Version of the bytes that are made: part of the lineage. */
  private static final int BYTES_VERSION = 1;

  /** Layers that are left where KV is made smaller: enough to see that they leave one by one. */
  private static final int FEWEST_LAYERS = 8;

  private static final int KV_ELEMENT_BYTES = 2;

  /**
   * The emulation of a published model, in 16 bits.
   *
   * @param name of the model
   * @param config its numbers
   * @param vocabulary of the tokenizer that serves it
   * @param blockTokens tokens in a block
   * @param kvFraction share of the model's real KV bytes that blocks have, above 0 and at most 1;
   *     fewer layers first, each standing for several, then narrower ones. The layout says what
   *     became of it
   * @throws IllegalArgumentException if the fraction is none, or a token would have less than 8
   *     bytes in a plane
   */
  public static EmulatedModel of(
      String name, ModelConfig config, int vocabulary, int blockTokens, double kvFraction) {
    if (!(kvFraction > 0 && kvFraction <= 1)) {
      throw new IllegalArgumentException(
          "kv-fraction: " + kvFraction + ", expected above 0, at most 1");
    }
    int layers =
        Math.clamp(
            Math.round(config.layers() * kvFraction),
            Math.min(FEWEST_LAYERS, config.layers()),
            config.layers());
    double bytes = (double) config.kvHeads() * config.headSize() * KV_ELEMENT_BYTES;
    long words = Math.round(bytes * kvFraction * config.layers() / layers / Filling.WORD_BYTES);
    if (words < 1) {
      throw new IllegalArgumentException(
          "kv-fraction: %s, which leaves less than 8 bytes of a token in a plane, expected %s or more"
              .formatted(kvFraction, Filling.WORD_BYTES / bytes * layers / config.layers()));
    }
    int elements = Math.toIntExact(words * Filling.WORD_BYTES / Float.BYTES);
    Layout layout =
        new Layout(
            layers, 1, elements, KvDtype.F32, blockTokens, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    return new EmulatedModel(
        layout, lineage(name, layout, vocabulary), vocabulary, config.contextTokens());
  }

  /** Bytes of KV that a token takes in these blocks. */
  public long kvBytesPerToken() {
    return layout.blockBytes() / layout.blockTokens();
  }

  private static Lineage lineage(String name, Layout layout, int vocabulary) {
    String identity =
        "baton-emulated-%d %s %s %d".formatted(BYTES_VERSION, name, layout, vocabulary);
    try {
      return Lineage.of(
          MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JDK has it
    }
  }
}
