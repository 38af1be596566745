package dev.baton.cluster.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Profiles as files: what is right is read, what is wrong is named. */
class ProfileYamlTest {
  private static final String GOOD =
      """
      profiles:
        - name: mine
          description: a chip
          compute:
            bf16: 100 TFLOP/s
          memory:
            capacity: 80 GB
            bandwidth: 3.35 TB/s
          network:
            bandwidth: 400 Gb/s
            latency: 5 us
          efficiency: {compute: 0.8, memory: 0.9, link: 0.7}
          overhead: {step: 5 ms, sequence: 20 us}
      """;

  @TempDir private Path directory;

  @Test
  void figuresAreReadInBaseUnits() {
    HardwareProfile profile = ProfileYaml.parse("test", GOOD).getFirst();

    assertThat(profile.memory()).isEqualTo(new HardwareProfile.Memory(80e9, 3.35e12));
    assertThat(profile.network().bytesPerSecond()).isEqualTo(50e9);
    assertThat(profile.watts()).isEmpty();
    assertThat(profile.price()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bandwidth: 3.35 TB/s | bandwidth: 3.35 TB | profiles[0].memory.bandwidth is \"3.35 TB\", "
            + "expected a positive number with a unit, such as 3.35 TB/s",
        "bandwidth: 3.35 TB/s | bandwidth: -3.35 TB/s | profiles[0].memory.bandwidth is \"-3.35 TB/s\"",
        "bandwidth: 3.35 TB/s | bandwidth: 3.35 | profiles[0].memory.bandwidth is 3.35",
        "capacity: 80 GB | size: 80 GB | profiles[0].memory.capacity is missing",
        "name: mine | nme: mine | profiles[0].name is missing",
        "compute: 0.8 | compute: 80 | profiles[0].efficiency.compute is 80, expected a number above 0",
        "step: 5 ms | step: 5 ms, stpe: 6 ms | profiles[0].overhead.stpe is unknown, expected one of",
        "bf16: 100 TFLOP/s | bf15: 100 TFLOP/s | profiles[0].compute.bf15 is unknown",
        "name: mine | name: 3 | profiles[0].name is 3, expected a text",
        "description: a chip | description: a chip, a: b | malformed at line 3"
      })
  void aFaultNamesFilePathAndWhatWouldBeRight(String right, String wrong, String message) {
    String text = GOOD.replace(right, wrong);
    assertThat(text).isNotEqualTo(GOOD);

    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> ProfileYaml.parse("mine.yaml", text))
        .withMessageStartingWith("mine.yaml: ")
        .withMessageContaining(message);
  }

  @Test
  void aSecondProfileOfTheSameNameIsRefusedAtItsPath() {
    String twice = GOOD + GOOD.substring(GOOD.indexOf('\n') + 1);

    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> ProfileYaml.parse("mine.yaml", twice))
        .withMessageContaining("profiles[1].name is 'mine' once more");
  }

  @Test
  void curvesAreReadFromCsvFilesBesideTheProfile() throws IOException {
    Files.writeString(directory.resolve("prefill.csv"), "tokens,ms\n100,10\n200,30\n");
    Files.writeString(
        directory.resolve("decode.csv"), "batch,context,ms\n1,100,5\n1,300,7\n4,100,6\n");
    Path file = directory.resolve("mine.yaml");
    Files.writeString(
        file,
        GOOD
            + """
                curves:
                  - model: m
                    chips: 2
                    prefill: prefill.csv
                    decode: decode.csv
            """);

    MeasuredCurves curves = ProfileYaml.read(file).getFirst().curves("m", 2).orElseThrow();

    assertThat(curves.prefill().orElseThrow().value(150)).isCloseTo(0.020, within(1e-12));
    assertThat(curves.decode().orElseThrow().value(1, 200)).isCloseTo(0.006, within(1e-12));
    assertThat(curves.decode().orElseThrow().value(2.5, 100)).isCloseTo(0.0055, within(1e-12));
    assertThat(ProfileYaml.read(file).getFirst().curves("m", 1)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "token,ms\\n1,2 | begins with 'token,ms', expected 'tokens,ms', then points",
        "tokens,ms\\n1,2\\n2,x | line 3 is '2,x', expected tokens,ms, all above 0",
        "tokens,ms\\n1,2\\n2 | line 3 is '2'",
        "tokens,ms\\n1,2\\n2,-5 | line 3 is '2,-5'",
        "tokens,ms\\n7,2\\n7,3 | has two times for 7"
      })
  void aFaultyCurveNamesItsLine(String csv, String message) throws IOException {
    Files.writeString(directory.resolve("curve.csv"), csv.replace("\\n", "\n"));
    Path file = directory.resolve("mine.yaml");
    Files.writeString(
        file, GOOD + "    curves:\n      - {model: m, chips: 1, prefill: curve.csv}\n");

    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> ProfileYaml.read(file))
        .withMessageContaining("profiles[0].curves[0].prefill")
        .withMessageContaining(message);
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    List<HardwareProfile> shipped = HardwareCatalog.shipped();

    List<HardwareProfile> again = ProfileYaml.parse("written", ProfileText.of(shipped));

    assertThat(again)
        .usingRecursiveComparison()
        .withEqualsForType((a, b) -> Math.abs(a - b) <= 1e-3 * Math.abs(b), Double.class)
        .isEqualTo(shipped);
  }

  @Test
  void curvesAreWrittenInPlace() throws IOException {
    String withCurves =
        GOOD
            + """
                curves:
                  - model: m
                    chips: 1
                    prefill: |
                      tokens,ms
                      100,10.5
                      200,30
                    decode: |
                      batch,context,ms
                      1,100,5
            """;
    HardwareProfile once = ProfileYaml.parse("once", withCurves).getFirst();

    HardwareProfile again = ProfileYaml.parse("again", ProfileText.of(List.of(once))).getFirst();

    assertThat(again.curves("m", 1).orElseThrow().prefill().orElseThrow().value(150))
        .isCloseTo(0.02025, within(1e-12));
    assertThat(again.curves("m", 1).orElseThrow().decode().orElseThrow().value(1, 1))
        .isCloseTo(0.005, within(1e-12));
  }
}
