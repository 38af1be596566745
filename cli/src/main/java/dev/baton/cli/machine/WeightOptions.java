package dev.baton.cli.machine;

import dev.baton.engine.packed.WeightStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the processes of this machine share a model's packed weights. */
public final class WeightOptions {
  private static final String FLAG = "--weights-cache";
  private static final String OFF = "off";

  @Option(
      names = FLAG,
      paramLabel = "DIR|off",
      defaultValue = "${env:BATON_WEIGHTS_CACHE}",
      description = {
        "Keep packed weights of 64 MiB or more in this directory: as large as the model's files, and",
        "in memory once, however many processes run them. off: each packs its own, at each start.",
        "Default: what BATON_WEIGHTS_CACHE says, else ~/.cache/baton/weights ($XDG_CACHE_HOME)."
      })
  private @Nullable String place;

  /** What the user chose, or the usual one. */
  public WeightStore store() {
    return isDefault() ? standard() : chosen();
  }

  /** For a model that will not outlive this directory: beside it, where the user chose none. */
  public WeightStore storeBeside(Path temporary) {
    return isDefault() ? WeightStore.in(temporary.resolve("weights")) : chosen();
  }

  /** The flags that tell another process the same. */
  public List<String> arguments() {
    return isDefault() ? List.of() : List.of(FLAG, OFF.equals(place) ? OFF : path().toString());
  }

  private boolean isDefault() {
    return place == null || place.isBlank();
  }

  private WeightStore chosen() {
    return OFF.equals(place) ? WeightStore.none() : WeightStore.in(path());
  }

  private Path path() {
    return Path.of(String.valueOf(place)).toAbsolutePath();
  }

  private static WeightStore standard() {
    return directory(System.getenv("XDG_CACHE_HOME"), System.getProperty("user.home"))
        .map(WeightStore::in)
        .orElseGet(WeightStore::none);
  }

  /** Empty for a user without a home; relative paths count as none, as the XDG standard says. */
  static Optional<Path> directory(@Nullable String cacheHome, String home) {
    Path caches =
        cacheHome != null && Path.of(cacheHome).isAbsolute()
            ? Path.of(cacheHome)
            : Path.of(home, ".cache");
    return caches.isAbsolute()
        ? Optional.of(caches.resolve("baton").resolve("weights"))
        : Optional.empty();
  }
}
