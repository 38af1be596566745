package dev.baton.cluster.hardware;

import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.config.Dimension;
import dev.baton.cluster.config.YamlFields;
import dev.baton.cluster.hardware.HardwareProfile.Efficiency;
import dev.baton.cluster.hardware.HardwareProfile.Link;
import dev.baton.cluster.hardware.HardwareProfile.Memory;
import dev.baton.cluster.hardware.HardwareProfile.Overhead;
import dev.baton.cluster.hardware.HardwareProfile.Watts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads hardware profiles from YAML, as {@code docs/hardware-profiles.md} describes it. Faults are
 * {@link ConfigException}s.
 */
public final class ProfileYaml {
  private static final int MOST_CHIPS = 4096;

  private ProfileYaml() {}

  /** The profiles of a file, at least one; names are unique. */
  public static List<HardwareProfile> read(Path file) {
    return profiles(YamlFields.read(file), file.toAbsolutePath().getParent());
  }

  /**
   * The profiles of a text, which names no further files.
   *
   * @param origin what the text is called in messages
   */
  public static List<HardwareProfile> parse(String origin, String text) {
    return profiles(YamlFields.parse(origin, text), null);
  }

  private static List<HardwareProfile> profiles(YamlFields fields, @Nullable Path directory) {
    Set<String> names = new HashSet<>();
    List<HardwareProfile> profiles =
        fields.list(
            "profiles",
            each -> {
              HardwareProfile profile = profile(each, directory);
              if (!names.add(profile.name())) {
                throw each.fault("name", "'" + profile.name() + "' once more", "a name of its own");
              }
              return profile;
            });
    fields.end();
    return profiles;
  }

  private static HardwareProfile profile(YamlFields fields, @Nullable Path directory) {
    return new HardwareProfile(
        fields.text("name"),
        fields.text("description"),
        compute(fields.mapping("compute")),
        memory(fields.mapping("memory")),
        fields.optionalMapping("interconnect").map(ProfileYaml::link),
        link(fields.mapping("network")),
        fields.optionalMapping("watts").map(ProfileYaml::watts),
        fields.optionalQuantity("price", Dimension.PRICE),
        efficiency(fields.mapping("efficiency")),
        overhead(fields.mapping("overhead")),
        fields.optionalList("curves", each -> curves(each, directory)),
        fields.optionalMapping("sources").map(YamlFields::texts).orElse(Map.of()));
  }

  private static Map<Dtype, Double> compute(YamlFields fields) {
    Map<Dtype, Double> peaks = new EnumMap<>(Dtype.class);
    for (Dtype dtype : Dtype.values()) {
      fields
          .optionalQuantity(dtype.label(), Dimension.COMPUTE)
          .ifPresent(peak -> peaks.put(dtype, peak));
    }
    fields.end();
    if (peaks.isEmpty()) {
      throw fields.fault("bf16", "missing, as is every other dtype", "the peak of one at least");
    }
    return peaks;
  }

  private static Memory memory(YamlFields fields) {
    Memory memory =
        new Memory(
            fields.quantity("capacity", Dimension.BYTES),
            fields.quantity("bandwidth", Dimension.BANDWIDTH));
    fields.end();
    return memory;
  }

  private static Link link(YamlFields fields) {
    Link link =
        new Link(
            fields.quantity("bandwidth", Dimension.BANDWIDTH),
            fields.quantity("latency", Dimension.TIME));
    fields.end();
    return link;
  }

  private static Watts watts(YamlFields fields) {
    Watts watts =
        new Watts(
            fields.quantity("idle", Dimension.POWER),
            fields.quantity("prefill", Dimension.POWER),
            fields.quantity("decode", Dimension.POWER));
    fields.end();
    return watts;
  }

  private static Efficiency efficiency(YamlFields fields) {
    Efficiency efficiency =
        new Efficiency(fields.share("compute"), fields.share("memory"), fields.share("link"));
    fields.end();
    return efficiency;
  }

  private static Overhead overhead(YamlFields fields) {
    Overhead overhead =
        new Overhead(
            fields.quantity("step", Dimension.TIME), fields.quantity("sequence", Dimension.TIME));
    fields.end();
    return overhead;
  }

  private static MeasuredCurves curves(YamlFields fields, @Nullable Path directory) {
    return new MeasuredCurves(
        fields.text("model"),
        fields.integer("chips", 1, MOST_CHIPS),
        csv(fields, "prefill", directory)
            .map(csv -> CurveCsv.prefill(fields.file(), fields.path("prefill"), csv)),
        csv(fields, "decode", directory)
            .map(csv -> CurveCsv.decode(fields.file(), fields.path("decode"), csv)));
  }

  /** What stands there, or what stands in the file that is named there. */
  private static Optional<String> csv(YamlFields fields, String key, @Nullable Path directory) {
    Optional<String> text = fields.optionalText(key);
    if (text.isEmpty() || text.get().contains("\n")) {
      return text;
    }
    if (directory == null) {
      throw fields.fault(key, "the name of a file", "the CSV itself");
    }
    try {
      return Optional.of(Files.readString(directory.resolve(text.get())));
    } catch (IOException unreadable) {
      throw fields.fault(
          key, "'" + text.get() + "', which cannot be read", "a CSV file next to this one");
    }
  }
}
