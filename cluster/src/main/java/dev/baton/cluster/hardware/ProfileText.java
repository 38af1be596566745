package dev.baton.cluster.hardware;

import dev.baton.cluster.config.Dimension;
import dev.baton.cluster.hardware.HardwareProfile.Link;
import java.util.List;
import java.util.TreeMap;

/**
 * Writes hardware profiles as the YAML that {@link ProfileYaml} reads, curves within it. Figures
 * are written with four significant digits.
 */
public final class ProfileText {
  private final StringBuilder text = new StringBuilder("profiles:\n");

  private ProfileText() {}

  /** The profiles as one YAML document. */
  public static String of(List<HardwareProfile> profiles) {
    ProfileText writer = new ProfileText();
    profiles.forEach(writer::profile);
    return writer.text.toString();
  }

  private void profile(HardwareProfile profile) {
    text.append("  - name: ").append(quoted(profile.name())).append('\n');
    line(4, "description", quoted(profile.description()));
    line(4, "compute", "");
    new TreeMap<>(profile.compute())
        .forEach((dtype, peak) -> line(6, dtype.label(), Dimension.COMPUTE.format(peak)));
    line(4, "memory", "");
    line(6, "capacity", Dimension.BYTES.format(profile.memory().capacityBytes()));
    line(6, "bandwidth", Dimension.BANDWIDTH.format(profile.memory().bytesPerSecond()));
    profile.interconnect().ifPresent(link -> link("interconnect", link));
    link("network", profile.network());
    profile
        .watts()
        .ifPresent(watts -> {
          line(4, "watts", "");
          line(6, "idle", Dimension.POWER.format(watts.idle()));
          line(6, "prefill", Dimension.POWER.format(watts.prefill()));
          line(6, "decode", Dimension.POWER.format(watts.decode()));
        });
    profile.price().ifPresent(price -> line(4, "price", Dimension.PRICE.format(price)));
    line(4, "efficiency", "");
    line(6, "compute", Double.toString(profile.efficiency().compute()));
    line(6, "memory", Double.toString(profile.efficiency().memory()));
    line(6, "link", Double.toString(profile.efficiency().link()));
    line(4, "overhead", "");
    line(6, "step", Dimension.TIME.format(profile.overhead().stepSeconds()));
    line(6, "sequence", Dimension.TIME.format(profile.overhead().sequenceSeconds()));
    if (!profile.curves().isEmpty()) {
      line(4, "curves", "");
      profile.curves().forEach(this::curves);
    }
    if (!profile.sources().isEmpty()) {
      line(4, "sources", "");
      new TreeMap<>(profile.sources()).forEach((path, from) -> line(6, path, quoted(from)));
    }
  }

  private void link(String key, Link link) {
    line(4, key, "");
    line(6, "bandwidth", Dimension.BANDWIDTH.format(link.bytesPerSecond()));
    line(6, "latency", Dimension.TIME.format(link.latencySeconds()));
  }

  private void curves(MeasuredCurves curves) {
    text.append("      - model: ").append(quoted(curves.model())).append('\n');
    line(8, "chips", Integer.toString(curves.chips()));
    curves.prefill().ifPresent(curve -> block("prefill", CurveCsv.text(curve)));
    curves.decode().ifPresent(surface -> block("decode", CurveCsv.text(surface)));
  }

  private void block(String key, String csv) {
    line(8, key, "|");
    text.append(csv.indent(10));
  }

  private void line(int indent, String key, String value) {
    text.append(" ".repeat(indent)).append(key).append(':');
    text.append(value.isEmpty() ? "" : " ").append(value).append('\n');
  }

  private static String quoted(String value) {
    return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
