package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Measures the cases in turn, round after round, so that what disturbs one disturbs all. */
final class TransferRun {
  private static final int WARM_UP_HAND_OVERS = 200;

  /** After fewer than these the JVM's compilers still take a good part of the CPU time. */
  private static final int WARM_UP_ROUNDS = 6;

  private static final int BUSY_ROUNDS = 3;
  private static final int SEED = 7;

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

  /** Everything that was measured; the ring's series are empty where it was not. */
  record Result(
      Map<TransferCase, Measured> cases,
      Series memcpy,
      Map<TransferCase, Series> handOver,
      Series ring,
      Series ringHandOver,
      Series controlIdle,
      Series controlBusy,
      OptionalDouble iperf3) {}

  Result run(List<TransferCase> cases) throws InterruptedException {
    progress.step("filling the pools");
    bulk.pool().fill(SEED);
    small.pool().fill(SEED);
    for (TransferCase each : cases) {
      progress.step("warming up " + each.label());
      peer.link().ask("clear bulk");
      for (int round = 0; round < WARM_UP_ROUNDS; round++) {
        bulk.move(each, options.bytes());
      }
      requireArrived(each.label());
    }
    boolean withRing = cases.contains(TransferCase.SHM) && RingMeasure.isPossible();
    if (withRing) {
      progress.step("warming up the ring");
      peer.link().ask("clear bulk");
      for (int round = 0; round < WARM_UP_ROUNDS; round++) {
        ring.gbps(bulk.pool(), shape, options.bytes());
      }
      requireArrived("ring");
    }
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
          Iperf3.gbps(options.plane()));
    }
  }

  private Map<TransferCase, Series> handOvers(List<TransferCase> cases) {
    Map<TransferCase, Series> series = new EnumMap<>(TransferCase.class);
    for (TransferCase each : cases) {
      if (each.isHandoff()) {
        progress.step("hand-overs of 256 KiB, " + each.label());
        Series micros = new Series();
        for (int i = 0; i < WARM_UP_HAND_OVERS + options.handOvers(); i++) {
          long nanos = small.handOver(each, i);
          if (i >= WARM_UP_HAND_OVERS) {
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
        small.pool(), BenchShape.handOver(options.pool()), WARM_UP_HAND_OVERS, options.handOvers());
  }

  private void requireArrived(String how) {
    int blocks =
        Math.toIntExact(Math.min(options.bytes() / shape.layout().blockBytes(), shape.blocks()));
    if (peer.link().ask("sum bulk " + blocks) != bulk.pool().checksum(blocks)) {
      throw new Failure(how + ": what arrived is not what was sent");
    }
  }
}
