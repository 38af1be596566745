package dev.baton.router.tenant;

/**
 * Somebody whose cached KV is kept apart from all others'.
 *
 * @param name {@code anonymous}, or the SHA-256 of the API key in hexadecimal: never the key itself
 */
public record Tenant(String name) {
  /** Everybody who shows no API key. */
  public static final Tenant ANONYMOUS = new Tenant("anonymous");
}
