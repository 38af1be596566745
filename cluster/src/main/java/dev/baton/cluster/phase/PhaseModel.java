package dev.baton.cluster.phase;

import dev.baton.cluster.hardware.Curve;
import dev.baton.cluster.hardware.HardwareProfile;
import dev.baton.cluster.hardware.HardwareProfile.Link;
import dev.baton.cluster.hardware.HardwareProfile.Watts;
import dev.baton.cluster.hardware.MeasuredCurves;
import dev.baton.cluster.hardware.Surface;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How long a worker takes for each phase of a request, and what that costs.
 *
 * <ul>
 *   <li>Pure: equal arguments have equal results; no clock, no I/O. Immutable, for any thread.
 *   <li>Seconds, bytes, joules, US dollars throughout. Tokens and batches may be 0.
 *   <li>Times are those of an otherwise idle worker: waiting is {@link DeterministicQueue}'s, what
 *       this very worker does differently is {@link Correction}'s.
 *   <li>A measured curve of the same model on as many chips stands above the roofline.
 * </ul>
 *
 * <p>The roofline is {@code max(FLOPs / reachable FLOP/s, bytes / reachable bytes/s) + fixed term +
 * communication}. A fixed term matters: without it decode steps are wrong by several times
 * (Splitwise, arXiv 2311.18677, measured 43 ms where weights take 8 ms to read).
 */
public final class PhaseModel {
  private static final double ACTIVATION_BYTES = 2;
  private static final double ALL_REDUCES_PER_LAYER = 2;

  private final HardwareProfile profile;
  private final int chips;
  private final ModelSpec model;
  private final Optional<MeasuredCurves> curves;
  private final double flops;
  private final double bytesPerSecond;

  /**
   * The model of a worker.
   *
   * @param profile of one of its chips
   * @param chips that work as one (tensor parallel)
   * @param model what it runs
   * @throws IllegalArgumentException if several chips have no interconnect, or the weights do not
   *     fit the chips' memory
   */
  public PhaseModel(HardwareProfile profile, int chips, ModelSpec model) {
    this.profile = profile;
    this.chips = chips;
    this.model = model;
    if (chips < 1 || (chips > 1 && profile.interconnect().isEmpty())) {
      throw new IllegalArgumentException(
          "chips: %d of %s, expected 1%s"
              .formatted(
                  chips,
                  profile.name(),
                  chips < 1 ? " or more" : ", as its profile has no interconnect"));
    }
    double capacity = profile.memory().capacityBytes();
    if (model.weightBytes() > chips * capacity) {
      throw new IllegalArgumentException(
          "chips: %d of %s hold %.0f GB, expected %d or more for the %.0f GB of weights of %s"
              .formatted(
                  chips,
                  profile.name(),
                  chips * capacity / 1e9,
                  (int) Math.ceil(model.weightBytes() / capacity),
                  model.weightBytes() / 1e9,
                  model.name()));
    }
    this.curves = profile.curves(model.name(), chips);
    this.flops = chips * profile.peak(model.bytesPerWeight()) * profile.efficiency().compute();
    this.bytesPerSecond = chips * profile.memory().bytesPerSecond() * profile.efficiency().memory();
  }

  /** What one of the chips can do. */
  public HardwareProfile profile() {
    return profile;
  }

  /** Chips that work as one. */
  public int chips() {
    return chips;
  }

  /** What runs on them. */
  public ModelSpec model() {
    return model;
  }

  /** Reading a prompt of {@code newTokens} tokens after {@code cachedTokens} whose KV is there. */
  public double prefillSeconds(long newTokens, long cachedTokens) {
    return prefill(newTokens, cachedTokens).total();
  }

  /** {@link #prefillSeconds} term by term. */
  public StepTime prefill(long newTokens, long cachedTokens) {
    if (newTokens == 0) {
      return StepTime.roofline(0, 0, 0, 0);
    }
    double linear = 2 * (model.layerWeights() * newTokens + model.outputWeights());
    double context = cachedTokens + newTokens / 2.0;
    StepTime roofline =
        StepTime.roofline(
            (linear + newTokens * model.attentionFlops(context)) / flops,
            (model.stepWeightBytes() + (double) cachedTokens * model.kvBytesPerToken())
                / bytesPerSecond,
            communicationSeconds((double) newTokens),
            profile.overhead().stepSeconds());
    Optional<Curve> curve = curves.flatMap(MeasuredCurves::prefill);
    if (curve.isEmpty()) {
      return roofline;
    }
    // The curve was measured without cached tokens: what attending to them costs comes on top.
    double cached = newTokens * model.attentionFlops((double) cachedTokens) / flops;
    return roofline.measured(curve.get().value((double) newTokens) + cached);
  }

  /**
   * One step that gives each of {@code batch} sequences a token.
   *
   * @param totalContext tokens of all the sequences together
   */
  public double decodeStepSeconds(int batch, long totalContext) {
    return decodeStep(batch, totalContext).total();
  }

  /** {@link #decodeStepSeconds} term by term. */
  public StepTime decodeStep(int batch, long totalContext) {
    if (batch == 0) {
      return StepTime.roofline(0, 0, 0, 0);
    }
    double linear = 2 * (model.layerWeights() + model.outputWeights()) * batch;
    StepTime roofline =
        StepTime.roofline(
            (linear + model.attentionFlops((double) totalContext)) / flops,
            (model.stepWeightBytes() + (double) totalContext * model.kvBytesPerToken())
                / bytesPerSecond,
            communicationSeconds(batch),
            profile.overhead().stepSeconds() + batch * profile.overhead().sequenceSeconds());
    Optional<Surface> surface = curves.flatMap(MeasuredCurves::decode);
    return surface.isEmpty()
        ? roofline
        : roofline.measured(surface.get().value(batch, (double) totalContext / batch));
  }

  /**
   * All-reduces of the activations between the chips, as a ring: each of them sends (chips - 1) /
   * chips of the bytes twice, in 2 (chips - 1) messages.
   */
  private double communicationSeconds(double tokens) {
    if (chips == 1) {
      return 0;
    }
    Link link = profile.interconnect().orElseThrow();
    double bytes = tokens * model.hidden() * ACTIVATION_BYTES * 2 * (chips - 1) / chips;
    double once =
        bytes / (link.bytesPerSecond() * profile.efficiency().link())
            + 2 * (chips - 1) * link.latencySeconds();
    return ALL_REDUCES_PER_LAYER * model.layers() * once;
  }

  /** KV bytes of this many tokens. */
  public long kvBytes(long tokens) {
    return tokens * model.kvBytesPerToken();
  }

  /**
   * Moving bytes from this worker to {@code receiver} over the network: every chip has a link of
   * its own, the side that is slower decides.
   */
  public double transferSeconds(long bytes, PhaseModel receiver) {
    double rate = Math.min(networkBytesPerSecond(), receiver.networkBytesPerSecond());
    double latency =
        Math.max(profile.network().latencySeconds(), receiver.profile.network().latencySeconds());
    return bytes == 0 ? 0 : bytes / rate + latency;
  }

  private double networkBytesPerSecond() {
    return chips * profile.network().bytesPerSecond() * profile.efficiency().link();
  }

  /**
   * What of a transfer is seen when each layer leaves as soon as it is computed: what computing the
   * other layers does not hide, and never less than the last layer's own (Splitwise, section IV-C).
   *
   * @param transferSeconds of the whole, from {@link #transferSeconds}
   * @param prefillSeconds during which it runs, from {@link #prefillSeconds}
   */
  public double visibleTransferSeconds(double transferSeconds, double prefillSeconds) {
    double layers = model.layers();
    return Math.max(
        transferSeconds / layers, transferSeconds - prefillSeconds * (layers - 1) / layers);
  }

  /** Tokens of KV that fit besides the weights. */
  public long kvCapacityTokens() {
    double free = chips * profile.memory().capacityBytes() - model.weightBytes();
    return (long) (free / model.kvBytesPerToken());
  }

  /** What the worker takes for this long in a phase; empty where its profile has no watts. */
  public OptionalDouble joules(Phase phase, double seconds) {
    if (profile.watts().isEmpty()) {
      return OptionalDouble.empty();
    }
    Watts watts = profile.watts().get();
    double each =
        switch (phase) {
          case IDLE -> watts.idle();
          case PREFILL -> watts.prefill();
          case DECODE -> watts.decode();
        };
    return OptionalDouble.of(each * chips * seconds);
  }

  /** US dollars for this long; empty where its profile has no price. */
  public OptionalDouble dollars(double seconds) {
    OptionalDouble price = profile.price();
    return price.isEmpty()
        ? price
        : OptionalDouble.of(price.getAsDouble() * chips * seconds / 3600);
  }
}
