package dev.baton.cli.shell;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Numbers with units, as people write them in flags. */
public final class Units {
  /** Nine digits at most: no unit can then overflow a long. */
  private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d{1,9})([a-z]*)");

  private Units() {}

  /** Reads durations: 500ms, 30s, 10m, 2h. */
  public static final class Durations implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      Matcher match = match(text, "a duration such as 500ms, 30s, 10m or 2h");
      long count = Long.parseLong(match.group(1));
      return switch (match.group(2)) {
        case "ms" -> Duration.ofMillis(count);
        case "s" -> Duration.ofSeconds(count);
        case "m" -> Duration.ofMinutes(count);
        case "h" -> Duration.ofHours(count);
        default -> throw wrong(text, "a duration such as 500ms, 30s, 10m or 2h");
      };
    }
  }

  /** Reads sizes in bytes: 4096, 64k, 512m, 8g; units are powers of 1024. */
  public static final class Sizes implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      Matcher match = match(text, "a size such as 4096, 64k, 512m or 8g");
      long count = Long.parseLong(match.group(1));
      return switch (match.group(2)) {
        case "" -> count;
        case "k" -> count << 10;
        case "m" -> count << 20;
        case "g" -> count << 30;
        default -> throw wrong(text, "a size such as 4096, 64k, 512m or 8g");
      };
    }
  }

  private static Matcher match(String text, String expected) {
    Matcher match = NUMBER_AND_UNIT.matcher(text.toLowerCase(Locale.ROOT));
    if (!match.matches()) {
      throw wrong(text, expected);
    }
    return match;
  }

  private static TypeConversionException wrong(String text, String expected) {
    return new TypeConversionException("'" + text + "', expected " + expected);
  }
}
