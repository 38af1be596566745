package dev.baton.harness.chaos;

import java.util.Locale;
import java.util.Optional;

/** What can be done to a cluster. Its label, such as {@code kill-decode}, is its name in flags. */
public enum FaultKind {
  /** SIGKILL; another worker comes instead, under another name, at another address. */
  KILL_PREFILL(Place.PREFILL, Means.REPLACE),
  /** SIGKILL; another worker comes instead, under another name, at another address. */
  KILL_DECODE(Place.DECODE, Means.REPLACE),
  /** SIGKILL, and the same worker comes back under the same name at the same address. */
  RESTART_PREFILL(Place.PREFILL, Means.RESTART),
  /** SIGKILL, and the same worker comes back under the same name at the same address. */
  RESTART_DECODE(Place.DECODE, Means.RESTART),
  /** SIGSTOP, later SIGCONT: alive, its connections open, silent. */
  FREEZE_PREFILL(Place.PREFILL, Means.FREEZE),
  /** SIGSTOP, later SIGCONT: alive, its connections open, silent. */
  FREEZE_DECODE(Place.DECODE, Means.FREEZE),
  /** SIGKILL of a router, which comes back at the same address. */
  KILL_ROUTER(Place.ROUTER, Means.RESTART),
  /** SIGSTOP of a router, later SIGCONT. */
  FREEZE_ROUTER(Place.ROUTER, Means.FREEZE),
  /** SIGKILL of ZooKeeper, which comes back with what it had on disk. */
  ZOOKEEPER_KILL(Place.ZOOKEEPER, Means.RESTART),
  /** SIGKILL of ZooKeeper, which comes back without anything. */
  ZOOKEEPER_EMPTY(Place.ZOOKEEPER, Means.RESTART_EMPTY),
  /** SIGSTOP of ZooKeeper, later SIGCONT; may outlast all sessions. */
  ZOOKEEPER_PAUSE(Place.ZOOKEEPER, Means.FREEZE),
  /** One worker hears nothing of ZooKeeper until its session is over. */
  SESSION_EXPIRY(Place.SESSION, Means.HALF_OPEN),
  /** What routers and a worker say to each other comes late. */
  CONTROL_LATENCY(Place.CONTROL, Means.LATENCY),
  /** What routers and a worker say to each other passes slowly. */
  CONTROL_BANDWIDTH(Place.CONTROL, Means.BANDWIDTH),
  /** Nothing passes between routers and a worker; connections stay open. */
  CONTROL_HALF_OPEN(Place.CONTROL, Means.HALF_OPEN),
  /** Connections between routers and a worker are reset. */
  CONTROL_RESET(Place.CONTROL, Means.RESET),
  /** Connections between routers and a worker end in the middle of what they carry. */
  CONTROL_TRUNCATION(Place.CONTROL, Means.TRUNCATION),
  /** Every second connection between routers and a worker is late, the others are not. */
  CONTROL_REORDERING(Place.CONTROL, Means.REORDERING),
  /** KV comes late. */
  KV_LATENCY(Place.KV, Means.LATENCY),
  /** KV passes slowly. */
  KV_BANDWIDTH(Place.KV, Means.BANDWIDTH),
  /** No KV passes; connections stay open. */
  KV_HALF_OPEN(Place.KV, Means.HALF_OPEN),
  /** Connections that carry KV are reset. */
  KV_RESET(Place.KV, Means.RESET),
  /** Connections that carry KV end in the middle of it. */
  KV_TRUNCATION(Place.KV, Means.TRUNCATION),
  /** Every second connection that carries KV is late, the others are not. */
  KV_REORDERING(Place.KV, Means.REORDERING),
  /** Single bits of KV frames are flipped. */
  KV_BIT_FLIPS(Place.KV, Means.BIT_FLIPS);

  /** What a fault strikes. */
  public enum Place {
    /** A prefill worker's process. */
    PREFILL,
    /** A decode worker's process. */
    DECODE,
    /** A router's process. */
    ROUTER,
    /** The process of ZooKeeper. */
    ZOOKEEPER,
    /** A worker's connection to ZooKeeper. */
    SESSION,
    /** The connections of routers to a worker. */
    CONTROL,
    /** The connections by which KV comes to a decode worker. */
    KV
  }

  /** How a fault is done. */
  public enum Means {
    /** SIGKILL; another one takes its place, elsewhere. */
    REPLACE,
    /** SIGKILL; it comes back where it was. */
    RESTART,
    /** SIGKILL; it comes back where it was, without what it had on disk. */
    RESTART_EMPTY,
    /** SIGSTOP, later SIGCONT. */
    FREEZE,
    /** {@link WireFault.Latency}. */
    LATENCY,
    /** {@link WireFault.Bandwidth}. */
    BANDWIDTH,
    /** {@link WireFault.HalfOpen}. */
    HALF_OPEN,
    /** {@link WireFault.Reset}. */
    RESET,
    /** {@link WireFault.Truncation}. */
    TRUNCATION,
    /** {@link WireFault.Reordering}. */
    REORDERING,
    /** {@link WireFault.BitFlips}. */
    BIT_FLIPS
  }

  private final Place place;
  private final Means means;

  FaultKind(Place place, Means means) {
    this.place = place;
    this.means = means;
  }

  /** What it strikes. */
  public Place place() {
    return place;
  }

  /** How it is done. */
  public Means means() {
    return means;
  }

  /** Its name for people: lower case, with hyphens. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The kind with this label. */
  public static Optional<FaultKind> of(String label) {
    for (FaultKind each : values()) {
      if (each.label().equals(label)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** Whether whom it strikes cannot serve meanwhile: such a one counts as not alive. */
  public boolean silences() {
    return switch (place) {
      // Serving goes on without it.
      case ZOOKEEPER, SESSION -> false;
      case PREFILL, DECODE, ROUTER, CONTROL, KV ->
          switch (means) {
            case REPLACE, RESTART, RESTART_EMPTY, FREEZE, HALF_OPEN -> true;
            case LATENCY, BANDWIDTH, RESET, TRUNCATION, REORDERING, BIT_FLIPS -> false;
          };
    };
  }

  /** Whether a process is killed. */
  public boolean kills() {
    return switch (means) {
      case REPLACE, RESTART, RESTART_EMPTY -> true;
      case FREEZE, LATENCY, BANDWIDTH, HALF_OPEN, RESET, TRUNCATION, REORDERING, BIT_FLIPS -> false;
    };
  }
}
