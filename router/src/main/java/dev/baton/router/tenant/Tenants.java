package dev.baton.router.tenant;

import dev.baton.kv.TenantSalt;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Derives tenants and their salts. Salt = HMAC-SHA256(secret, tenant's name): without the secret
 * nobody can compute or choose one. Safe for use by many threads.
 */
public final class Tenants {
  private static final String HMAC = "HmacSHA256";
  private static final String SCHEME = "bearer ";

  private final SecretKeySpec secret;

  /** With the secret of the cluster, the same on all its routers. */
  public Tenants(String secret) {
    this.secret = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), HMAC);
  }

  /**
   * The tenant that an {@code Authorization} header shows: none is {@link Tenant#ANONYMOUS}.
   *
   * @return empty if the header is not {@code Bearer} and a key
   */
  public static Optional<Tenant> ofAuthorization(@Nullable String header) {
    if (header == null) {
      return Optional.of(Tenant.ANONYMOUS);
    }
    String trimmed = header.strip();
    if (!trimmed.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return Optional.empty();
    }
    String key = trimmed.substring(SCHEME.length()).strip();
    return key.isEmpty() ? Optional.empty() : Optional.of(ofKey(key));
  }

  private static Tenant ofKey(String key) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] digest = sha.digest(key.getBytes(StandardCharsets.UTF_8));
      return new Tenant(HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The salt of a tenant's block keys. */
  public TenantSalt salt(Tenant tenant) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(secret);
      return TenantSalt.of(mac.doFinal(tenant.name().getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + HMAC, e);
    }
  }
}
