package dev.baton.cli.bench;

import dev.baton.cli.shell.Units;
import dev.baton.kv.handoff.HandoffSender;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What {@code baton bench transfer} measures. */
final class TransferOptions {
  /** Which wires are measured. */
  enum Transport {
    TCP,
    UNIX,
    SHM,
    ALL
  }

  @Option(
      names = "--plane",
      paramLabel = "SIZE[,SIZE...]",
      split = ",",
      defaultValue = "256k",
      converter = Units.Sizes.class,
      description = "Bytes of one message's plane: a multiple of 1k. Default: ${DEFAULT-VALUE}.")
  private List<Long> planes = List.of();

  @Option(
      names = "--pool",
      paramLabel = "SIZE",
      defaultValue = "512m",
      converter = Units.Sizes.class,
      description = {
        "Pool of either side, walked round and round: larger than any cache.",
        "Default: ${DEFAULT-VALUE}."
      })
  private long pool;

  @Option(
      names = "--bytes",
      paramLabel = "SIZE",
      defaultValue = "1g",
      converter = Units.Sizes.class,
      description = "Moved in each round by each case. Default: ${DEFAULT-VALUE}.")
  private long bytes;

  @Option(
      names = "--handoff",
      paramLabel = "SIZE",
      defaultValue = "64m",
      converter = Units.Sizes.class,
      description = {
        "Moved by one handoff, and between two acknowledgements of a plain socket.",
        "Default: ${DEFAULT-VALUE}: the KV of 512 tokens of an 8B model in 16 bits."
      })
  private long handoff;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds; the report has medians. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--streams",
      paramLabel = "N[,N...]",
      split = ",",
      defaultValue = "1",
      description = {
        "Most streams of one handoff, each on a connection of its own, as",
        "'worker prefill --kv-streams'; and plain sockets. Default: ${DEFAULT-VALUE}."
      })
  private List<Integer> streams = List.of();

  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "1",
      description = {
        "Handoffs at a time; their streams share connections. Plain sockets are --streams times",
        "this. Default: ${DEFAULT-VALUE}."
      })
  private int parallel;

  @Option(
      names = "--hand-overs",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Hand-overs of one block of 256 KiB. Default: ${DEFAULT-VALUE}.")
  private int handOvers;

  @Option(
      names = "--transport",
      paramLabel = "tcp|unix|shm|all",
      defaultValue = "ALL",
      description = "Which wires. Default: all.")
  private Transport transport = Transport.ALL;

  List<Long> planes() {
    return planes;
  }

  /** Whether there is one combination: only then everything is measured. */
  boolean isSingle() {
    return planes.size() * streams.size() == 1;
  }

  long handoff() {
    return handoff;
  }

  long pool() {
    return pool;
  }

  long bytes() {
    return bytes;
  }

  int rounds() {
    return rounds;
  }

  List<Integer> streams() {
    return streams;
  }

  int parallel() {
    return parallel;
  }

  int handOvers() {
    return handOvers;
  }

  /** The cases of the wires that were asked for. */
  List<TransferCase> cases() {
    return List.of(TransferCase.values()).stream()
        .filter(each -> transport == Transport.ALL || each.wire().name().equals(transport.name()))
        .toList();
  }

  /** What is wrong with the numbers; empty if nothing is. */
  Optional<String> fault() {
    for (long plane : planes) {
      if (plane < 1024 || plane % 1024 != 0 || plane > 32 << 20) {
        return Optional.of("--plane: " + plane + ", expected a multiple of 1k up to 32m");
      }
    }
    if (planes.stream().distinct().count() != planes.size()) {
      return Optional.of("--plane: " + planes + ", expected each size once");
    }
    for (int each : streams) {
      if (each < 1 || each > HandoffSender.MOST_STREAMS) {
        return Optional.of(
            "--streams: %d, expected 1 to %d".formatted(each, HandoffSender.MOST_STREAMS));
      }
    }
    if (rounds < 1 || parallel < 1 || handOvers < 1) {
      return Optional.of("--rounds, --parallel and --hand-overs: expected at least 1");
    }
    long largest = planes.stream().mapToLong(Long::longValue).max().orElseThrow();
    long handoffs = Math.max(parallel * 16L * largest, 256 << 10);
    if (pool < handoffs || pool > 64L << 30) {
      return Optional.of(
          "--pool: %d, expected a block of 16 planes for each handoff at a time, %d bytes, up to 64g"
              .formatted(pool, handoffs));
    }
    return bytes < 16L * largest
        ? Optional.of("--bytes: " + bytes + ", expected at least a block of 16 planes")
        : Optional.empty();
  }
}
