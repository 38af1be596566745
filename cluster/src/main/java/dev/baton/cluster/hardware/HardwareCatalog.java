package dev.baton.cluster.hardware;

import dev.baton.cluster.config.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;

/** The hardware profiles that ship with Baton, and those of {@link ProfileProvider}s. Immutable. */
public final class HardwareCatalog {
  /** The profile of a worker of which nobody said what it runs on. */
  public static final String DEFAULT = "generic-cpu";

  private static final String RESOURCE = "catalog.yaml";

  private final Map<String, HardwareProfile> profiles = new LinkedHashMap<>();

  private HardwareCatalog() {}

  /** Reads the catalog and asks every provider on the class path. */
  public static HardwareCatalog load() {
    HardwareCatalog catalog = new HardwareCatalog();
    shipped().forEach(catalog::put);
    ServiceLoader.load(ProfileProvider.class)
        .forEach(provider -> provider.profiles().forEach(catalog::put));
    return catalog;
  }

  /** What ships with Baton. */
  static List<HardwareProfile> shipped() {
    try (InputStream in =
        Objects.requireNonNull(HardwareCatalog.class.getResourceAsStream(RESOURCE), RESOURCE)) {
      return ProfileYaml.parse(RESOURCE, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** All profiles, in the order of the catalog. */
  public List<HardwareProfile> profiles() {
    return List.copyOf(profiles.values());
  }

  /**
   * The profile that a user means.
   *
   * @param nameOrFile a name of the catalog, whatever its case; or a YAML file with one profile, or
   *     with several and {@code #NAME} after it
   * @throws ConfigException if there is none, or the file is faulty
   */
  public HardwareProfile find(String nameOrFile) {
    HardwareProfile known = profiles.get(key(nameOrFile));
    if (known != null) {
      return known;
    }
    int hash = nameOrFile.lastIndexOf('#');
    String file = hash < 0 ? nameOrFile : nameOrFile.substring(0, hash);
    if (!Files.isRegularFile(Path.of(file))) {
      throw new ConfigException(
          nameOrFile,
          "",
          "is neither a hardware profile nor a file",
          "a YAML file or one of " + String.join(", ", names()));
    }
    List<HardwareProfile> read = ProfileYaml.read(Path.of(file));
    if (hash < 0 && read.size() == 1) {
      return read.getFirst();
    }
    String name = hash < 0 ? "" : nameOrFile.substring(hash + 1);
    return read.stream()
        .filter(each -> each.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new ConfigException(
                file,
                "profiles",
                "has " + read.size() + (hash < 0 ? "" : ", none of them " + name),
                "#NAME after the file, one of "
                    + String.join(", ", read.stream().map(HardwareProfile::name).toList())));
  }

  private List<String> names() {
    return profiles.values().stream().map(HardwareProfile::name).toList();
  }

  private void put(HardwareProfile profile) {
    profiles.put(key(profile.name()), profile);
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
