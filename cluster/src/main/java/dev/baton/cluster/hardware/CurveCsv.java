package dev.baton.cluster.hardware;

import dev.baton.cluster.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Curves as CSV: a header, then one point a line, in any order. Times are in milliseconds, in
 * memory in seconds.
 */
final class CurveCsv {
  private static final String PREFILL = "tokens,ms";
  private static final String DECODE = "batch,context,ms";

  private CurveCsv() {}

  /**
   * Reads {@code tokens,ms}.
   *
   * @param file named in messages, as is {@code path}
   */
  static Curve prefill(String file, String path, String csv) {
    TreeMap<Double, Double> points = new TreeMap<>();
    for (double[] row : rows(file, path, csv, PREFILL)) {
      put(file, path, points, row[0], row[1]);
    }
    return curve(points);
  }

  /** Reads {@code batch,context,ms}; context is that of each sequence. */
  static Surface decode(String file, String path, String csv) {
    TreeMap<Double, Map<Double, Double>> points = new TreeMap<>();
    for (double[] row : rows(file, path, csv, DECODE)) {
      put(file, path, points.computeIfAbsent(row[0], batch -> new TreeMap<>()), row[1], row[2]);
    }
    List<Curve> curves = points.values().stream().map(CurveCsv::curve).toList();
    return new Surface(array(points.keySet().stream().toList()), curves);
  }

  static String text(Curve prefill) {
    return PREFILL + "\n" + points("", prefill);
  }

  static String text(Surface decode) {
    StringBuilder text = new StringBuilder(DECODE + "\n");
    double[] rows = decode.rows();
    for (int i = 0; i < rows.length; i++) {
      text.append(points(Math.round(rows[i]) + ",", decode.curves().get(i)));
    }
    return text.toString();
  }

  private static String points(String before, Curve curve) {
    StringBuilder text = new StringBuilder();
    double[] at = curve.at();
    for (int i = 0; i < at.length; i++) {
      text.append(
          String.format(
              Locale.ROOT, "%s%d,%.4f%n", before, Math.round(at[i]), curve.values()[i] * 1e3));
    }
    return text.toString();
  }

  private static void put(
      String file, String path, Map<Double, Double> points, double at, double ms) {
    if (points.put(at, ms / 1e3) != null) {
      throw new ConfigException(
          file, path, "has two times for " + Math.round(at) + " tokens", "one");
    }
  }

  private static List<double[]> rows(String file, String path, String csv, String header) {
    List<String> lines = List.of(csv.strip().split("\\s*\n\\s*"));
    if (!lines.getFirst().equals(header) || lines.size() < 2) {
      throw new ConfigException(
          file, path, "begins with '" + lines.getFirst() + "'", "'" + header + "', then points");
    }
    List<double[]> rows = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      rows.add(row(file, path + " line " + (rows.size() + 2), line, header));
    }
    return rows;
  }

  private static double[] row(String file, String path, String line, String header) {
    String[] cells = line.split(",", -1);
    double[] row = new double[cells.length];
    boolean good = cells.length == header.split(",").length;
    for (int i = 0; good && i < cells.length; i++) {
      boolean time = i == cells.length - 1;
      good = cells[i].matches(time ? "\\d{1,12}(\\.\\d{1,9})?" : "\\d{1,9}");
      row[i] = good ? Double.parseDouble(cells[i]) : 0;
      good &= row[i] > 0;
    }
    if (!good) {
      throw new ConfigException(file, path, "is '" + line + "'", header + ", all above 0");
    }
    return row;
  }

  private static Curve curve(Map<Double, Double> points) {
    return new Curve(array(List.copyOf(points.keySet())), array(new ArrayList<>(points.values())));
  }

  private static double[] array(List<Double> numbers) {
    return numbers.stream().mapToDouble(each -> each).toArray();
  }
}
