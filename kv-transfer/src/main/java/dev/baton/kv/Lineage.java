package dev.baton.kv;

import java.util.HexFormat;
import java.util.Objects;

/**
 * Digest of everything that decides KV bits: the weights that make K and V, RoPE, dtype, block
 * size. Two models with the same lineage have bit-identical KV.
 *
 * @param hex the SHA-256 digest as 64 lower-case hexadecimal digits
 */
public record Lineage(String hex) {
  /** Length of the digest in bytes. */
  public static final int BYTES = 32;

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if {@code hex} is not 64 lower-case hexadecimal digits
   */
  public Lineage {
    Objects.requireNonNull(hex, "hex");
    if (!hex.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "lineage: '" + hex + "' is not 64 lower-case hexadecimal digits");
    }
  }

  /** The lineage with this digest. */
  public static Lineage of(byte[] digest) {
    return new Lineage(HexFormat.of().formatHex(digest));
  }

  /** The digest, a fresh array of {@link #BYTES} bytes. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  /** The first 12 digits: enough for a person, in logs and messages. */
  public String brief() {
    return hex.substring(0, 12);
  }

  @Override
  public String toString() {
    return brief();
  }
}
