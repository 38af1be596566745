package dev.baton.harness.report;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A plot as inline SVG: axes, grid, curves. Needs nothing from outside the page.
 *
 * @param title of the plot
 * @param xLabel what runs across
 * @param yLabel what runs up
 * @param logarithmicX whether x is
 * @param mostY the top of the y axis; 0 for what the curves reach
 * @param curves at least one
 */
record SvgPlot(
    String title,
    String xLabel,
    String yLabel,
    boolean logarithmicX,
    double mostY,
    List<Curve> curves) {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 300;
  private static final int LEFT = 58;
  private static final int RIGHT = 14;
  private static final int TOP = 34;
  private static final int BOTTOM = 44;

  String svg() {
    Axis x = xAxis();
    double top = mostY > 0 ? mostY / 1.05 : ys().mapToDouble(Double::doubleValue).max().orElse(1);
    Axis y = Axis.linear(top, HEIGHT - BOTTOM, TOP);
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(WIDTH, HEIGHT, Html.escaped(title)));
    text(svg, LEFT, 18, "start", "title", title);
    for (double tick : y.ticks()) {
      double at = y.pixel(tick);
      line(svg, LEFT, at, WIDTH - RIGHT, at, "grid");
      text(svg, LEFT - 6, at + 4, "end", "tick", Axis.text(tick));
    }
    for (double tick : x.ticks()) {
      double at = x.pixel(tick);
      line(svg, at, TOP, at, HEIGHT - BOTTOM, "grid");
      text(svg, at, HEIGHT - BOTTOM + 15, "middle", "tick", Axis.text(tick));
    }
    line(svg, LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis");
    line(svg, LEFT, TOP, LEFT, HEIGHT - BOTTOM, "axis");
    text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", "label", xLabel);
    svg.append(
        "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(14 %d) rotate(-90)\">%s</text>"
            .formatted((TOP + HEIGHT - BOTTOM) / 2, Html.escaped(yLabel)));
    curves.forEach(curve -> curve(svg, curve, x, y));
    return svg.append("</svg>").toString();
  }

  private Axis xAxis() {
    List<Double> xs = curves.stream().flatMap(each -> each.x().stream()).toList();
    double most = xs.stream().mapToDouble(Double::doubleValue).max().orElse(1);
    if (!logarithmicX) {
      return new Axis(0, most > 0 ? most : 1, false, LEFT, WIDTH - RIGHT);
    }
    double least =
        xs.stream().mapToDouble(Double::doubleValue).filter(v -> v > 0).min().orElse(0.001);
    // A few values far below the rest would press these together.
    return Axis.logarithmic(Math.max(least, most / 1e5), most, LEFT, WIDTH - RIGHT);
  }

  private Stream<Double> ys() {
    return curves.stream().flatMap(each -> each.y().stream()).filter(Objects::nonNull);
  }

  private static void curve(StringBuilder svg, Curve curve, Axis x, Axis y) {
    StringBuilder path = new StringBuilder();
    StringBuilder marks = new StringBuilder();
    boolean pen = false;
    for (int i = 0; i < curve.x().size(); i++) {
      Double value = curve.y().get(i);
      if (value == null) {
        pen = false;
        continue;
      }
      String across = number(x.pixel(curve.x().get(i)));
      String up = number(y.pixel(value));
      path.append(pen ? "L" : "M").append(across).append(' ').append(up);
      boolean alone = !pen && (i + 1 == curve.x().size() || curve.y().get(i + 1) == null);
      if (curve.marked() || alone) {
        marks.append(
            "<circle cx=\"%s\" cy=\"%s\" r=\"3\" fill=\"%s\"/>"
                .formatted(across, up, curve.color()));
      }
      pen = true;
    }
    svg.append(
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" stroke-linejoin=\"round\"%s><title>%s</title></path>"
            .formatted(
                path,
                curve.color(),
                curve.dashed() ? " stroke-dasharray=\"5 4\"" : "",
                Html.escaped(curve.name())));
    svg.append(marks);
  }

  private static void line(
      StringBuilder svg, double x1, double y1, double x2, double y2, String kind) {
    svg.append(
        "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>"
            .formatted(kind, number(x1), number(y1), number(x2), number(y2)));
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String kind, String text) {
    svg.append(
        "<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>"
            .formatted(kind, number(x), number(y), anchor, Html.escaped(text)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
