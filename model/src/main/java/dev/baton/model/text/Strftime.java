package dev.baton.model.text;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** C's {@code strftime} in the C locale, as far as chat templates use it. */
final class Strftime {
  private Strftime() {}

  /**
   * The time in this format.
   *
   * @throws IllegalArgumentException if the format uses a directive that is not known here
   */
  static String format(String format, ZonedDateTime time) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char each = format.charAt(i);
      if (each != '%' || i == format.length() - 1) {
        text.append(each);
        continue;
      }
      boolean unpadded = format.charAt(i + 1) == '-' && i + 2 < format.length();
      i += unpadded ? 2 : 1;
      String value = directive(format.charAt(i), time);
      text.append(unpadded ? value.replaceFirst("^0+(?=\\d)", "") : value);
    }
    return text.toString();
  }

  private static String directive(char directive, ZonedDateTime time) {
    String pattern =
        switch (directive) {
          case 'd' -> "dd";
          case 'm' -> "MM";
          case 'Y' -> "uuuu";
          case 'y' -> "uu";
          case 'b', 'h' -> "MMM";
          case 'B' -> "MMMM";
          case 'a' -> "EEE";
          case 'A' -> "EEEE";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'j' -> "DDD";
          case 'Z' -> "zzz";
          case 'z' -> "xx";
          case 'F' -> "uuuu-MM-dd";
          case 'T' -> "HH:mm:ss";
          case '%' -> "'%'";
          default ->
              throw new IllegalArgumentException(
                  "strftime: directive %" + directive + " is unknown");
        };
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
