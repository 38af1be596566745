package dev.baton.cluster.config;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a quantity measures. As text it is a positive number, one space and a unit, such as {@code
 * 3.35 TB/s}; as a number it is in the base unit. Prefixes K, M, G, T, P are powers of 1000; Ki,
 * Mi, Gi, Ti of 1024. {@code Gb/s} counts bits.
 */
public enum Dimension {
  /** FLOP/s. */
  COMPUTE("989 TFLOP/s", units("FLOP/s", 1)),
  /** Bytes. */
  BYTES("80 GB", units("B", 1)),
  /** Bytes a second. */
  BANDWIDTH("3.35 TB/s", both(units("B/s", 1), units("b/s", 0.125))),
  /** Seconds. */
  TIME("5 us", Map.of("s", 1.0, "ms", 1e-3, "us", 1e-6, "ns", 1e-9)),
  /** Watts. */
  POWER("700 W", Map.of("W", 1.0, "kW", 1e3)),
  /** US dollars an hour. */
  PRICE("2.95 USD/h", Map.of("USD/h", 1.0));

  private static final int MOST_DECIMALS = 9;
  private static final Pattern TEXT = Pattern.compile("(\\d{1,15}(?:\\.\\d{1,9})?) (\\S+)");

  private final String example;

  @SuppressWarnings("ImmutableEnumChecker") // an unmodifiable copy
  private final Map<String, Double> units;

  Dimension(String example, Map<String, Double> units) {
    this.example = example;
    this.units = Map.copyOf(units);
  }

  /** The quantity in the base unit; empty where the text is none, or not above 0. */
  public OptionalDouble parse(String text) {
    Matcher match = TEXT.matcher(text);
    Double unit = match.matches() ? units.get(match.group(2)) : null;
    if (unit == null) {
      return OptionalDouble.empty();
    }
    double value = Double.parseDouble(match.group(1)) * unit;
    return value > 0 ? OptionalDouble.of(value) : OptionalDouble.empty();
  }

  /** As text that {@link #parse} reads, with four significant digits, in a decimal unit. */
  public String format(double value) {
    Map.Entry<String, Double> best =
        units.entrySet().stream()
            .filter(unit -> !unit.getKey().contains("i") && !unit.getKey().contains("b"))
            .max(Comparator.comparingDouble(unit -> closeness(unit.getValue(), value)))
            .orElseThrow();
    return number(value / best.getValue()) + " " + best.getKey();
  }

  /** The largest unit that is not larger than the value wins, else the smallest. */
  private static double closeness(double unit, double value) {
    return unit <= value * (1 + 1e-9) ? unit : -unit;
  }

  private static String number(double value) {
    int decimals = Math.clamp(3 - (int) Math.floor(Math.log10(value)), 0, MOST_DECIMALS);
    String text = String.format(Locale.ROOT, "%." + decimals + "f", round(value, decimals));
    return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
  }

  private static double round(double value, int decimals) {
    double factor = Math.pow(10, decimals);
    return Math.round(value * factor) / factor;
  }

  /** What would be right, for messages. */
  public String expectation() {
    return "a positive number with a unit, such as " + example;
  }

  private static Map<String, Double> units(String base, double factor) {
    Map<String, Double> units = new LinkedHashMap<>();
    double decimal = factor;
    double binary = factor;
    for (String prefix : List.of("", "K", "M", "G", "T", "P")) {
      units.put(prefix + base, decimal);
      if (!prefix.isEmpty() && base.startsWith("B")) {
        units.put(prefix + "i" + base, binary);
      }
      decimal *= 1000;
      binary *= 1024;
    }
    return units;
  }

  private static Map<String, Double> both(Map<String, Double> one, Map<String, Double> other) {
    Map<String, Double> units = new LinkedHashMap<>(one);
    units.putAll(other);
    return units;
  }
}
