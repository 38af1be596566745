package dev.baton.cluster.hardware;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * What one chip can do, how well it does it, what it takes and costs. All figures are of one chip,
 * dense, in base units: FLOP/s, bytes, bytes a second, seconds, watts, US dollars an hour.
 * Immutable.
 *
 * @param name by which commands and workers name it
 * @param description the chip in words
 * @param compute peak FLOP/s by dtype; at least one
 * @param memory where weights and KV live
 * @param interconnect between the chips of one worker, each direction; empty where a worker has one
 *     chip only
 * @param network between workers, each direction
 * @param watts what it takes; empty where nobody says
 * @param price US dollars an hour; empty where nobody says
 * @param efficiency share of the peaks that is reached
 * @param overhead what a step takes besides computing and reading
 * @param curves measured times, by model and number of chips; they stand above the roofline
 * @param sources where figures are from, by their path within the profile
 */
public record HardwareProfile(
    String name,
    String description,
    Map<Dtype, Double> compute,
    Memory memory,
    Optional<Link> interconnect,
    Link network,
    Optional<Watts> watts,
    OptionalDouble price,
    Efficiency efficiency,
    Overhead overhead,
    List<MeasuredCurves> curves,
    Map<String, String> sources) {

  /** Requires a peak and takes copies. Files are checked, with paths, where they are read. */
  public HardwareProfile {
    Objects.requireNonNull(name, "name");
    if (compute.isEmpty()) {
      throw new IllegalArgumentException("compute: no dtype, expected at least one");
    }
    compute = Map.copyOf(compute);
    curves = List.copyOf(curves);
    sources = Map.copyOf(sources);
  }

  /**
   * Memory of a chip.
   *
   * @param capacityBytes bytes
   * @param bytesPerSecond peak bandwidth
   */
  public record Memory(double capacityBytes, double bytesPerSecond) {}

  /**
   * A link, each direction.
   *
   * @param bytesPerSecond peak bandwidth
   * @param latencySeconds of one message
   */
  public record Link(double bytesPerSecond, double latencySeconds) {
    private Link atTimeScale(double scale) {
      return new Link(bytesPerSecond / scale, latencySeconds * scale);
    }
  }

  /**
   * Power by state.
   *
   * @param idle while nothing runs
   * @param prefill while prompts are read
   * @param decode while answers are written
   */
  public record Watts(double idle, double prefill, double decode) {}

  /**
   * Shares of the peaks that are reached, each above 0 and at most 1.
   *
   * @param compute of FLOP/s
   * @param memory of memory bandwidth
   * @param link of the bandwidth of interconnect and network
   */
  public record Efficiency(double compute, double memory, double link) {}

  /**
   * What a step takes besides.
   *
   * @param stepSeconds any step
   * @param sequenceSeconds each sequence of a decode step
   */
  public record Overhead(double stepSeconds, double sequenceSeconds) {}

  /**
   * Peak FLOP/s for weights of this many bytes: that of the narrowest dtype which holds them, or of
   * the widest there is.
   */
  public double peak(double bytesPerWeight) {
    Dtype best =
        compute.keySet().stream()
            .min((a, b) -> {
              boolean aHolds = a.bytes() >= bytesPerWeight;
              boolean bHolds = b.bytes() >= bytesPerWeight;
              if (aHolds != bHolds) {
                return aHolds ? -1 : 1;
              }
              int narrower = Integer.compare(a.bytes(), b.bytes());
              return narrower != 0 ? (aHolds ? narrower : -narrower) : a.compareTo(b);
            })
            .orElseThrow();
    return Objects.requireNonNull(compute.get(best));
  }

  /**
   * The chip on which everything takes so many times as long, and takes as many joules and dollars
   * as on this one: what a clock sees that runs at another pace.
   *
   * @param scale above 0
   */
  public HardwareProfile atTimeScale(double scale) {
    return new HardwareProfile(
        name,
        description,
        compute.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue() / scale)),
        new Memory(memory.capacityBytes(), memory.bytesPerSecond() / scale),
        interconnect.map(each -> each.atTimeScale(scale)),
        network.atTimeScale(scale),
        watts.map(
            each -> new Watts(each.idle() / scale, each.prefill() / scale, each.decode() / scale)),
        price.isEmpty() ? price : OptionalDouble.of(price.getAsDouble() / scale),
        efficiency,
        new Overhead(overhead.stepSeconds() * scale, overhead.sequenceSeconds() * scale),
        curves.stream().map(each -> each.times(scale)).toList(),
        sources);
  }

  /** Times measured with this model on this many chips, if there are any. */
  public Optional<MeasuredCurves> curves(String model, int chips) {
    return curves.stream()
        .filter(each -> each.model().equals(model) && each.chips() == chips)
        .findFirst();
  }
}
