package dev.baton.cluster.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.config.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What ships, and what users add. */
class HardwareCatalogTest {
  private final HardwareCatalog catalog = HardwareCatalog.load();

  @TempDir private Path directory;

  @Test
  void everyFigureHasASource() {
    for (HardwareProfile profile : HardwareCatalog.shipped()) {
      for (String figure : figures(profile)) {
        assertThat(profile.sources().keySet())
            .as(profile.name() + " " + figure)
            .anyMatch(path -> figure.equals(path) || figure.startsWith(path + "."));
      }
    }
  }

  private static List<String> figures(HardwareProfile profile) {
    List<String> figures =
        new ArrayList<>(
            List.of(
                "compute",
                "memory.capacity",
                "memory.bandwidth",
                "network.bandwidth",
                "network.latency",
                "efficiency.compute",
                "efficiency.memory",
                "efficiency.link",
                "overhead.step",
                "overhead.sequence"));
    profile
        .interconnect()
        .ifPresent(
            link -> figures.addAll(List.of("interconnect.bandwidth", "interconnect.latency")));
    profile.watts().ifPresent(watts -> figures.add("watts.idle"));
    profile.price().ifPresent(price -> figures.add("price"));
    return figures;
  }

  /** Ridge points in 16-bit FLOP a byte: quotients of the vendors' figures. */
  @ParameterizedTest
  @CsvSource({
    "A100-80GB, 153", "H100, 295", "H200, 206", "B200, 281", "MI300X, 247", "Gaudi2, 176",
    "Gaudi3, 453", "L40S, 419", "L4, 403", "TPU-v5e, 240", "V100, 139", "GB200, 312"
  })
  void ridgesAreThoseOfTheVendorsFigures(String name, double flopPerByte) {
    HardwareProfile profile = catalog.find(name);
    assertThat(profile.peak(2) / profile.memory().bytesPerSecond())
        .isCloseTo(flopPerByte, within(1.0));
  }

  @ParameterizedTest
  @CsvSource({"M3-Ultra", "DGX-Spark", "generic-cpu", "h100"})
  void aNameIsFoundWhateverItsCase(String name) {
    assertThat(catalog.find(name).name()).isEqualToIgnoringCase(name);
  }

  @Test
  void providersOnTheClassPathAddTheirs() {
    assertThat(catalog.find("of-a-provider").price()).isEqualTo(OptionalDouble.of(123));
  }

  @Test
  void aFileIsReadWhereItsNameIsGiven() throws Exception {
    HardwareProfile l4 = catalog.find("L4");
    HardwareProfile l40 = catalog.find("L40S");
    Path one = Files.writeString(directory.resolve("one.yaml"), ProfileText.of(List.of(l4)));
    Path two = Files.writeString(directory.resolve("two.yaml"), ProfileText.of(List.of(l4, l40)));

    assertThat(catalog.find(one.toString()).name()).isEqualTo("L4");
    assertThat(catalog.find(two + "#l40s").name()).isEqualTo("L40S");
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> catalog.find(two.toString()))
        .withMessageContaining("#NAME after the file, one of L4, L40S");
  }

  @Test
  void anUnknownNameIsAnsweredWithTheKnownOnes() {
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> catalog.find("H101"))
        .withMessageContaining("H101")
        .withMessageContaining("H100");
  }

  @Test
  void weightsAreMultipliedInTheNarrowestTypeThatHoldsThem() {
    HardwareProfile h100 = catalog.find("H100");
    assertThat(h100.peak(1)).isCloseTo(1979e12, within(1.0));
    assertThat(h100.peak(0.5)).isCloseTo(1979e12, within(1.0));
    assertThat(h100.peak(2)).isCloseTo(989e12, within(1.0));
    assertThat(h100.peak(4)).isCloseTo(66.9e12, within(1.0));
    assertThat(catalog.find("TPU-v5e").peak(4)).isCloseTo(197e12, within(1.0));
  }
}
