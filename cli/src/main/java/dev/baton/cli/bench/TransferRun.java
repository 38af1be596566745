package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Measures the cases in turn, round after round, so that what disturbs one disturbs all. */
final class TransferRun {
  /**
   * Before anything is measured, for each wire. What opens and ends a handoff runs a few times for
   * a gigabyte only: without these the JVM would still interpret it, which a worker that has served
   * some thousand requests does not.
   */
  private static final int WARM_UP_HAND_OVERS = 3000;

  /** Before hand-overs are measured. */
  private static final int WARM_UP_BEFORE_EACH = 200;

  /** After fewer than these the JVM's compilers still take a good part of the CPU time. */
  private static final int WARM_UP_ROUNDS = 6;

  private static final int BUSY_ROUNDS = 3;

  private final Sending bulk;
  private final Sending small;
  private final RingMeasure ring;
  private final Peer peer;
  private final BenchShape shape;
  private final TransferOptions options;
  private final Progress progress;

  TransferRun(
      Sending bulk,
      Sending small,
      RingMeasure ring,
      Peer peer,
      BenchShape shape,
      TransferOptions options,
      Progress progress) {
    this.bulk = bulk;
    this.small = small;
    this.ring = ring;
    this.peer = peer;
    this.shape = shape;
    this.options = options;
    this.progress = progress;
  }

  /** Series of one case. */
  record Measured(Series gbps, Series sendCpu, Series receiveCpu) {
    Measured() {
      this(new Series(), new Series(), new Series());
    }

    private void add(Sending.Cost cost) {
      gbps.add(cost.gbps());
      sendCpu.add(cost.sendCpuPerGb());
      receiveCpu.add(cost.receiveCpuPerGb());
    }
  }

  /** Everything that was measured; what was not is empty. */
  record Result(
      Map<TransferCase, Measured> cases,
      Series memcpy,
      Map<TransferCase, Series> handOver,
      Series ring,
      Series ringHandOver,
      Series controlIdle,
      Series controlBusy,
      OptionalDouble iperf3) {}

  /**
   * Measures, after a warm-up.
   *
   * @param warm whether both processes have done the like before: then one round warms up
   */
  Result run(boolean warm) throws InterruptedException {
    List<TransferCase> cases = options.cases();
    boolean withRing = cases.contains(TransferCase.SHM) && RingMeasure.isPossible();
    warmUp(cases, withRing, warm ? 1 : WARM_UP_ROUNDS);
    Map<TransferCase, Measured> measured = new EnumMap<>(TransferCase.class);
    cases.forEach(each -> measured.put(each, new Measured()));
    Series memcpy = new Series();
    Series ringGbps = new Series();
    try (MemoryCopy copy = new MemoryCopy(shape)) {
      copy.gbps(bulk.pool());
      for (int round = 1; round <= options.rounds(); round++) {
        progress.step("round %d of %d".formatted(round, options.rounds()));
        measured.forEach((each, series) -> series.add(bulk.move(each, options.bytes())));
        if (withRing) {
          ringGbps.add(ring.gbps(bulk.pool(), shape, options.bytes()));
        }
        memcpy.add(copy.gbps(bulk.pool()));
      }
    }
    if (!options.isSingle()) {
      return new Result(
          measured,
          memcpy,
          Map.of(),
          ringGbps,
          new Series(),
          new Series(),
          new Series(),
          OptionalDouble.empty());
    }
    Map<TransferCase, Series> handOver = handOvers(cases);
    Series ringHandOver = withRing ? ringHandOvers() : new Series();
    progress.step("control messages, and iperf3 if there is one");
    TransferCase bulkCase =
        cases.stream().filter(TransferCase::isHandoff).findFirst().orElseThrow();
    try (ControlLatency control = new ControlLatency(peer.messagesPort())) {
      return new Result(
          measured,
          memcpy,
          handOver,
          ringGbps,
          ringHandOver,
          control.idle(),
          control.during(() -> bulk.move(bulkCase, BUSY_ROUNDS * options.bytes())),
          Iperf3.gbps(shape.layout().planeBytes()));
    }
  }

  private void warmUp(List<TransferCase> cases, boolean withRing, int rounds) {
    for (TransferCase each : cases) {
      progress.step("warming up " + each.label());
      if (each.isHandoff() && rounds == WARM_UP_ROUNDS) {
        for (int i = 0; i < Math.min(WARM_UP_HAND_OVERS, 3 * options.handOvers()); i++) {
          small.handOver(each, i);
        }
      }
      peer.link().ask("clear bulk");
      for (int round = 0; round < rounds; round++) {
        bulk.move(each, options.bytes());
      }
      requireArrived(each.label());
    }
    if (withRing) {
      progress.step("warming up the ring");
      peer.link().ask("clear bulk");
      for (int round = 0; round < rounds; round++) {
        ring.gbps(bulk.pool(), shape, options.bytes());
      }
      requireArrived("ring");
    }
  }

  private Map<TransferCase, Series> handOvers(List<TransferCase> cases) {
    Map<TransferCase, Series> series = new EnumMap<>(TransferCase.class);
    for (TransferCase each : cases) {
      if (each.isHandoff()) {
        progress.step("hand-overs of 256 KiB, " + each.label());
        Series micros = new Series();
        for (int i = 0; i < WARM_UP_BEFORE_EACH + options.handOvers(); i++) {
          long nanos = small.handOver(each, i);
          if (i >= WARM_UP_BEFORE_EACH) {
            micros.add(nanos / 1e3);
          }
        }
        series.put(each, micros);
      }
    }
    return series;
  }

  private Series ringHandOvers() {
    progress.step("hand-overs of 256 KiB, ring");
    return ring.handOvers(
        small.pool(),
        BenchShape.handOver(options.pool()),
        WARM_UP_BEFORE_EACH,
        options.handOvers());
  }

  private void requireArrived(String how) {
    int blocks =
        Math.toIntExact(Math.min(options.bytes() / shape.layout().blockBytes(), shape.blocks()));
    if (peer.link().ask("sum bulk " + blocks) != bulk.pool().checksum(blocks)) {
      throw new Failure(how + ": what arrived is not what was sent");
    }
  }
}
