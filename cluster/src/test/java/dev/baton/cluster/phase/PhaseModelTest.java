package dev.baton.cluster.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.hardware.HardwareProfile;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The roofline: its terms by hand, and what must hold for every chip. */
class PhaseModelTest {
  private static final HardwareCatalog CATALOG = HardwareCatalog.load();
  private static final PhaseModel H100 =
      new PhaseModel(CATALOG.find("H100"), 8, Models.LLAMA_2_70B);

  static Iterable<HardwareProfile> profiles() {
    return CATALOG.profiles();
  }

  /** Hugging Face counts 70,553,706,496, 8,030,261,248 and 68,976,648,192, norms included. */
  @Test
  void weightsAreThoseOfThePublishedModels() {
    assertThat(Models.LLAMA_31_70B.weightBytes() / 2).isCloseTo(70_553_706_496d, within(2e6));
    assertThat(Models.LLAMA_31_8B.weightBytes() / 2).isCloseTo(8_030_261_248d, within(1e6));
    assertThat(Models.LLAMA_2_70B.weightBytes() / 2).isCloseTo(68_976_648_192d, within(2e6));
  }

  /** Llama-2-70B has grouped queries: 0.328 MB a token, 671 MB for 2048. */
  @Test
  void kvIsThatOfGroupedQueries() {
    assertThat(H100.kvBytes(1)).isEqualTo(327_680);
    assertThat(H100.kvBytes(2048)).isEqualTo(671_088_640);
  }

  @Test
  void aDecodeStepReadsWeightsAndContext() {
    StepTime step = H100.decodeStep(4, 4000);

    double bytes = (68.714e9 * 2) + 4000 * 327_680;
    assertThat(step.memory()).isCloseTo(bytes / (8 * 3.35e12 * 0.9), within(1e-5));
    assertThat(step.overhead()).isCloseTo(0.005 + 4 * 20e-6, within(1e-12));
    assertThat(step.total())
        .isCloseTo(step.memory() + step.communication() + step.overhead(), within(1e-12));
    assertThat(step.measured()).isFalse();
  }

  @Test
  void aPrefillComputesTwoOperationsAWeightAndItsAttention() {
    StepTime step = H100.prefill(2048, 6144);

    double linear = 2 * (68.452e9 * 2048 + 32000.0 * 8192);
    double attention = 4.0 * 80 * 64 * 128 * 2048 * (6144 + 1024);
    assertThat(step.compute())
        .isCloseTo((linear + attention) / (8 * 989e12 * 0.8), within(1e-4 * step.compute()));
  }

  /** Two all-reduces a layer: 14/8 of 2048 x 8192 x 2 bytes in 14 messages. */
  @Test
  void chipsThatWorkAsOneAddTheirAllReduces() {
    double once = 14.0 / 8 * 2048 * 8192 * 2 / (450e9 * 0.8) + 14 * 2e-6;

    assertThat(H100.prefill(2048, 0).communication()).isCloseTo(160 * once, within(1e-9));
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void atATimeScaleTimesAreScaledAndJoulesAndDollarsAreNot(HardwareProfile profile) {
    ModelSpec small = new ModelSpec("small", 4, 256, 8, 4, 32, 704, 1024, 2, 8192);
    int chips = profile.interconnect().isPresent() ? 4 : 1;
    PhaseModel real = new PhaseModel(profile, chips, small);
    PhaseModel fast = new PhaseModel(profile.atTimeScale(0.1), chips, small);

    double prefill = real.prefillSeconds(900, 300);
    double decode = real.decodeStepSeconds(7, 5000);
    assertThat(fast.prefillSeconds(900, 300)).isCloseTo(prefill / 10, within(1e-12));
    assertThat(fast.decodeStepSeconds(7, 5000)).isCloseTo(decode / 10, within(1e-12));
    assertThat(fast.transferSeconds(1 << 20, fast))
        .isCloseTo(real.transferSeconds(1 << 20, real) / 10, within(1e-12));
    real.joules(Phase.PREFILL, prefill)
        .ifPresent(joules ->
            assertThat(fast.joules(Phase.PREFILL, prefill / 10).orElseThrow())
                .isCloseTo(joules, within(1e-9 * joules)));
    real.dollars(decode)
        .ifPresent(dollars ->
            assertThat(fast.dollars(decode / 10).orElseThrow())
                .isCloseTo(dollars, within(1e-9 * dollars)));
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void moreWorkNeverTakesLess(HardwareProfile profile) {
    ModelSpec small = new ModelSpec("small", 4, 256, 8, 4, 32, 704, 1024, 2, 8192);
    PhaseModel phases = new PhaseModel(profile, 1, small);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      int tokens = random.nextInt(1, 20_000);
      int cached = random.nextInt(0, 20_000);
      int batch = random.nextInt(1, 200);
      String as = "seed %d: %d after %d, batch %d".formatted(seed, tokens, cached, batch);
      double prefill = phases.prefillSeconds(tokens, cached);
      double decode = phases.decodeStepSeconds(batch, cached);
      assertThat(phases.prefillSeconds(tokens + 1, cached)).as(as).isGreaterThanOrEqualTo(prefill);
      assertThat(phases.prefillSeconds(tokens, cached + 1)).as(as).isGreaterThanOrEqualTo(prefill);
      assertThat(phases.decodeStepSeconds(batch + 1, cached)).as(as).isGreaterThan(decode);
      assertThat(phases.decodeStepSeconds(batch, cached + 1)).as(as).isGreaterThanOrEqualTo(decode);
      assertThat(prefill).as(as).isPositive().isFinite();
    }
    assertThat(phases.prefillSeconds(0, 100)).isZero();
    assertThat(phases.decodeStepSeconds(0, 0)).isZero();
  }

  @Test
  void theSlowerSideDecidesATransfer() {
    PhaseModel a100 = new PhaseModel(CATALOG.find("A100-80GB"), 8, Models.LLAMA_2_70B);
    long bytes = 671_088_640;

    double expected = bytes / (8 * 25e9 * 0.8) + 10e-6;
    assertThat(H100.transferSeconds(bytes, a100)).isCloseTo(expected, within(1e-9));
    assertThat(a100.transferSeconds(bytes, H100)).isCloseTo(expected, within(1e-9));
    assertThat(H100.transferSeconds(0, a100)).isZero();
  }

  /** 671 MB in the 137 ms of an H100's prefill are hidden by a link of 39 Gb/s and more. */
  @Test
  void aTransferIsHiddenButForOneLayerWhereTheLinkKeepsUp() {
    double prefill = 0.1368;
    double fast = 671_088_640 / (40e9 / 8);
    double slow = 671_088_640 / (20e9 / 8);

    assertThat(H100.visibleTransferSeconds(fast, prefill)).isCloseTo(fast / 80, within(1e-9));
    assertThat(H100.visibleTransferSeconds(slow, prefill))
        .isCloseTo(slow - prefill * 79 / 80, within(1e-9));
  }

  @Test
  void weightsThatDoNotFitAreRefusedWithTheChipsThatWouldDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PhaseModel(CATALOG.find("H100"), 1, Models.LLAMA_31_70B))
        .withMessage(
            "chips: 1 of H100 hold 80 GB, expected 2 or more for the 141 GB of weights of"
                + " llama-3.1-70b");
  }

  @Test
  void severalChipsNeedAnInterconnect() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PhaseModel(CATALOG.find("M3-Ultra"), 2, Models.LLAMA_31_70B))
        .withMessageContaining("expected 1, as its profile has no interconnect");
  }

  @Test
  void whatNobodySaysIsNotMadeUp() {
    PhaseModel tpu = new PhaseModel(CATALOG.find("TPU-v5e"), 8, Models.LLAMA_31_8B);

    assertThat(tpu.dollars(1)).isEmpty();
    assertThat(tpu.joules(Phase.PREFILL, 1)).isEmpty();
    assertThat(H100.joules(Phase.IDLE, 2).orElseThrow()).isEqualTo(8 * 75 * 2);
  }

  @Test
  void whatIsNotWeightsIsRoomForKv() {
    assertThat(H100.kvCapacityTokens())
        .isCloseTo((long) ((640e9 - 137.953e9) / 327_680), within(100L));
  }
}
