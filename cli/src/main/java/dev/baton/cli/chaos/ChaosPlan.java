package dev.baton.cli.chaos;

import dev.baton.harness.chaos.ClusterShape;
import dev.baton.harness.chaos.FaultSchedule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What a chaos run shall be.
 *
 * @param seed decides what is asked and which faults happen
 * @param faults what to draw the schedule from
 * @param engine of the workers
 * @param clients most requests at once
 * @param atOnce most faults at once
 * @param deadline of requests without a short one of their own
 * @param stallLimit of routers and workers
 * @param restLimit longest time from the last answer until nothing is held
 * @param logs where the processes' logs go; empty: into a directory that goes away
 */
record ChaosPlan(
    long seed,
    FaultSchedule.Plan faults,
    EngineKind engine,
    int clients,
    int atOnce,
    Duration deadline,
    Duration stallLimit,
    Duration restLimit,
    Optional<Path> logs) {
  /** What workers run. */
  enum EngineKind {
    /** Computes the model. */
    CPU,
    /** Takes the time of bigger hardware, and checks every byte of KV before each use. */
    EMULATED
  }

  /** Checks what the flags say. */
  ChaosPlan {
    require("--requests", faults.requests(), faults.requests() >= 1, "at least 1");
    require(
        "--faults",
        faults.faults(),
        faults.faults() >= 0 && faults.faults() <= faults.requests(),
        "0 to the number of requests");
    require("--clients", clients, clients >= 1 && clients <= 1024, "1 to 1024");
    require("--at-once", atOnce, atOnce >= 1 && atOnce <= 16, "1 to 16");
    require("--deadline", deadline, deadline.isPositive(), "more than 0");
    require("--stall-limit", stallLimit, stallLimit.isPositive(), "more than 0");
    require("--rest-limit", restLimit, restLimit.isPositive(), "more than 0");
    Duration session = faults.sessionTimeout();
    require("--session-timeout", session, session.toMillis() >= 1_000, "at least 1s");
  }

  private static void require(String flag, Object value, boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(flag + ": " + value + ", expected " + expected);
    }
  }

  ClusterShape shape() {
    return faults.shape();
  }
}
