package dev.baton.router.generation;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Ids of requests. */
public final class RequestIds {
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int FRESH_BYTES = 12;

  private RequestIds() {}

  /** Whether a client's id may be used: up to 64 letters, digits, '.', '_' and '-'. */
  public static boolean valid(String id) {
    return FORM.matcher(id).matches();
  }

  /** An id that nobody had before. */
  public static String fresh() {
    byte[] bytes = new byte[FRESH_BYTES];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
