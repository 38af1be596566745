package dev.baton.cluster.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.hardware.HardwareProfile;
import dev.baton.cluster.hardware.ProfileText;
import dev.baton.cluster.hardware.ProfileYaml;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The phase model against what Splitwise (ISCA'24, arXiv 2311.18677) measured and printed. */
class SplitwiseTest {
  private static final HardwareCatalog CATALOG = HardwareCatalog.load();
  private static final List<Median> MEDIANS = medians();

  /** One line of splitwise-medians.csv. */
  private record Median(
      String model,
      String hardware,
      int chips,
      int prompt,
      int batch,
      double prefill,
      double decode) {
    static Median of(String line) {
      String[] cell = line.split(",");
      return new Median(
          cell[0],
          cell[1],
          Integer.parseInt(cell[2]),
          Integer.parseInt(cell[3]),
          Integer.parseInt(cell[4]),
          Double.parseDouble(cell[5]) / 1e3,
          Double.parseDouble(cell[6]) / 1e3);
    }

    PhaseModel phases() {
      return new PhaseModel(profile(hardware), chips, spec());
    }

    ModelSpec spec() {
      return model.equals("bloom-176b") ? Models.BLOOM_176B : Models.LLAMA_2_70B;
    }

    double prefillError() {
      return Math.abs(phases().prefillSeconds(prompt, 0) / prefill - 1);
    }

    /** At the mean context of the 128 tokens that were written. */
    double decodeError() {
      return Math.abs(phases().decodeStepSeconds(batch, batch * (prompt + 64L)) / decode - 1);
    }
  }

  private static HardwareProfile profile(String hardware) {
    return CATALOG.find(hardware.startsWith("a100") ? "A100-80GB-Splitwise" : "H100-Splitwise");
  }

  private static List<Median> medians() {
    try (InputStream in =
        Objects.requireNonNull(SplitwiseTest.class.getResourceAsStream("splitwise-medians.csv"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .skip(1)
          .map(Median::of)
          .toList();
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  /** Table IV, P50 of a request alone on eight GPUs: end to end in ms, cost, energy. */
  @ParameterizedTest
  @CsvSource({
    "A100-80GB-Splitwise, 856, 0.42, 1.37",
    "H100-Splitwise, 493, 0.52, 1.37",
    "A100-80GB-Splitwise, 4957, 2.4, 7.9",
    "H100-Splitwise, 3387, 3.6, 9.4"
  })
  void costsAndEnergiesOfTable4AreReproduced(
      String profile, double endToEndMs, double cents, double wattHours) {
    PhaseModel phases = new PhaseModel(CATALOG.find(profile), 8, Models.LLAMA_2_70B);
    double seconds = endToEndMs / 1e3;

    // The paper prints two or three digits; its "$" are US cents.
    assertThat(100 * phases.dollars(seconds).orElseThrow()).isCloseTo(cents, within(0.03));
    assertThat(phases.joules(Phase.DECODE, seconds).orElseThrow() / 3600)
        .isCloseTo(wattHours, within(0.05));
  }

  /** Medians of the prompts in the traces (1469 and 1020 tokens) against Table IV's P50 of TTFT. */
  @ParameterizedTest
  @CsvSource({
    "A100-80GB-Splitwise, 1469, 185",
    "H100-Splitwise, 1469, 95",
    "A100-80GB-Splitwise, 1020, 155",
    "H100-Splitwise, 1020, 84"
  })
  void timesToFirstTokenOfTable4ArePredictedWithin15Percent(
      String profile, int prompt, double ttftMs) {
    PhaseModel phases = new PhaseModel(CATALOG.find(profile), 8, Models.LLAMA_2_70B);

    assertThat(1e3 * phases.prefillSeconds(prompt, 0)).isCloseTo(ttftMs, within(0.15 * ttftMs));
  }

  @Test
  void rooflinePrefillUpTo2048TokensHasAMedianErrorOf5PercentAndAtMost45() {
    List<Double> errors = prefillErrors(each -> each.prompt() <= 2048 && llama(each));

    assertThat(errors).hasSize(30);
    assertThat(median(errors)).isLessThan(0.05);
    // The worst are prompts of 128 and 256 tokens on four and eight H100s.
    assertThat(errors.getLast()).isLessThan(0.45);
  }

  /** Beyond 2048 tokens the measured software falls off: the roofline is too fast. */
  @Test
  void rooflinePrefillBeyond2048TokensIsTooFastByUpTo45Percent() {
    List<Double> errors = prefillErrors(each -> each.prompt() > 2048 && llama(each));

    assertThat(errors).hasSize(12);
    assertThat(errors.getLast()).isLessThan(0.45);
  }

  @Test
  void rooflineDecodeHasAMedianErrorOf3PercentAndAtMost15() {
    List<Double> errors = decodeErrors(SplitwiseTest::llama);

    assertThat(errors).hasSizeGreaterThan(70);
    assertThat(median(errors)).isLessThan(0.03);
    assertThat(errors.getLast()).isLessThan(0.15);
  }

  /** BLOOM-176B had no part in fitting the profiles: another model, MHA, 2.5 times as large. */
  @Test
  void aModelThatWasNotFittedIsPredictedAsWell() {
    List<Double> prefill = prefillErrors(each -> each.prompt() <= 2048 && !llama(each));
    List<Double> decode = decodeErrors(each -> !llama(each));

    assertThat(prefill).hasSize(10);
    assertThat(median(prefill)).isLessThan(0.10);
    assertThat(prefill.getLast()).isLessThan(0.22);
    assertThat(median(decode)).isLessThan(0.15);
    assertThat(decode.getLast()).isLessThan(0.22);
  }

  /** Half of the points as a curve, the other half predicted from them. */
  @ParameterizedTest
  @CsvSource({"a100-80gb", "h100-80gb"})
  void aMeasuredCurvePredictsThePointsBetweenItsOwn(String hardware) {
    List<Median> points =
        MEDIANS.stream()
            .filter(each -> llama(each) && each.hardware().equals(hardware))
            .filter(each -> each.chips() == 8 && each.batch() == 1)
            .toList();
    List<Median> kept =
        points.stream().filter(each -> each.prompt() != 512 && each.prompt() != 4096).toList();
    PhaseModel phases =
        new PhaseModel(withPrefillCurve(profile(hardware), kept), 8, Models.LLAMA_2_70B);

    for (Median each : kept) {
      assertThat(phases.prefillSeconds(each.prompt(), 0)).isCloseTo(each.prefill(), within(1e-6));
      assertThat(phases.prefill(each.prompt(), 0).measured()).isTrue();
    }
    for (Median each : points) {
      assertThat(phases.prefillSeconds(each.prompt(), 0))
          .as("%d tokens", each.prompt())
          .isCloseTo(each.prefill(), within(0.14 * each.prefill()));
    }
  }

  private static HardwareProfile withPrefillCurve(HardwareProfile profile, List<Median> points) {
    String csv =
        points.stream()
            .map(each -> "          " + each.prompt() + "," + 1e3 * each.prefill() + "\n")
            .collect(Collectors.joining());
    String curves =
        """
            curves:
              - model: llama2-70b
                chips: 8
                prefill: |
                  tokens,ms
        """;
    String text = ProfileText.of(List.of(profile));
    int sources = text.indexOf("    sources:");
    return ProfileYaml.parse(
            "curve", text.substring(0, sources) + curves + csv + text.substring(sources))
        .getFirst();
  }

  private static boolean llama(Median each) {
    return each.model().equals("llama2-70b");
  }

  private static List<Double> prefillErrors(Predicate<Median> which) {
    return MEDIANS.stream()
        .filter(which.and(each -> each.batch() == 1))
        .map(Median::prefillError)
        .sorted()
        .toList();
  }

  private static List<Double> decodeErrors(Predicate<Median> which) {
    return MEDIANS.stream().filter(which).map(Median::decodeError).sorted().toList();
  }

  private static double median(List<Double> sorted) {
    return sorted.get(sorted.size() / 2);
  }
}
