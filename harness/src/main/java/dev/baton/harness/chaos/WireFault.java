package dev.baton.harness.chaos;

import java.time.Duration;

/** What a {@link FaultProxy} does to the bytes that pass through it. */
public sealed interface WireFault {
  /** Nothing. */
  record None() implements WireFault {}

  /** Each piece is held for so long, in both directions; what comes meanwhile waits behind it. */
  record Latency(Duration delay) implements WireFault {}

  /** So many bytes a second pass, on each connection and in each direction. */
  record Bandwidth(long bytesPerSecond) implements WireFault {}

  /** Nothing passes; connections stay open and new ones are accepted. What is held passes later. */
  record HalfOpen() implements WireFault {}

  /** Connections that there are now are reset (RST); new ones are not. */
  record Reset() implements WireFault {}

  /** Connections that there are now end (FIN) after so many more bytes in either direction. */
  record Truncation(long afterBytes) implements WireFault {}

  /** As {@link Latency}, for every second connection only. */
  record Reordering(Duration delay) implements WireFault {}

  /**
   * One bit is flipped in one of {@code oneIn} KV frames, behind its magic and version; what is no
   * KV frame passes as it is.
   *
   * @param oneIn at least 1
   * @param seed decides which frames and bits
   */
  record BitFlips(int oneIn, long seed) implements WireFault {}
}
