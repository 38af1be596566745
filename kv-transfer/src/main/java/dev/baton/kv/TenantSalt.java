package dev.baton.kv;

import java.util.HexFormat;
import java.util.Objects;

/**
 * Keeps the caches of tenants apart: it is mixed into the root of every key chain. The router
 * derives it, a client cannot choose it.
 *
 * @param hex 32 bytes as 64 lower-case hexadecimal digits
 */
public record TenantSalt(String hex) {
  /** Length in bytes. */
  public static final int BYTES = 32;

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if {@code hex} is not 64 lower-case hexadecimal digits
   */
  public TenantSalt {
    Objects.requireNonNull(hex, "hex");
    if (!hex.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "tenant salt: " + hex.length() + " characters, expected 64 hexadecimal digits");
    }
  }

  /** The salt in these 32 bytes. */
  public static TenantSalt of(byte[] bytes) {
    return new TenantSalt(HexFormat.of().formatHex(bytes));
  }

  /** The bytes, a fresh array. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  /** Says nothing of the value: a salt is a secret. */
  @Override
  public String toString() {
    return "TenantSalt[hidden]";
  }
}
