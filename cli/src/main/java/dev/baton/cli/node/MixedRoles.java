package dev.baton.cli.node;

import dev.baton.engine.shared.Lease;
import dev.baton.engine.shared.SharedEngine;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The roles that one engine has now.
 *
 * <ul>
 *   <li>What is lost ends before what is gained begins: a role that ends drains first and then
 *       finishes what it runs.
 *   <li>The engine stays: a role that comes back loads nothing.
 *   <li>Nothing starts after {@link #close}.
 * </ul>
 *
 * <p>Safe for use by many threads; one change at a time, the others wait.
 */
final class MixedRoles implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MixedRoles.class);

  /** How a role begins. */
  @FunctionalInterface
  interface Start {
    /** Returns when the role is a member of the cluster; closes the engine if it cannot be. */
    Running on(Lease lease);
  }

  /**
   * A role that has begun.
   *
   * @param worker closing it ends the role, and waits for what it runs
   * @param endpoints by name
   */
  record Running(AutoCloseable worker, Map<String, String> endpoints) {}

  private final SharedEngine engine;
  private final Map<WorkerRole, Start> starts;
  private final Map<WorkerRole, Running> running = new EnumMap<>(WorkerRole.class);
  private boolean closed;

  /** Of this engine, which becomes this object's to close; no role has begun. */
  MixedRoles(SharedEngine engine, Map<WorkerRole, Start> starts) {
    this.engine = engine;
    this.starts = starts;
  }

  /**
   * Ends and begins roles until there are just these. Blocking.
   *
   * @throws RuntimeException as the start of a role throws; the other role is as it should be
   */
  synchronized void become(Set<WorkerRole> wanted) {
    Set<WorkerRole> lost = EnumSet.noneOf(WorkerRole.class);
    lost.addAll(running.keySet());
    lost.removeAll(wanted);
    lost.forEach(this::end);
    if (closed) {
      return;
    }
    List<RuntimeException> failed = new ArrayList<>();
    starts.forEach((role, start) -> {
      if (wanted.contains(role) && !running.containsKey(role)) {
        try {
          running.put(role, start.on(leaseFor(role)));
          LOG.info("begun: {}", role);
        } catch (RuntimeException e) {
          failed.add(e);
        }
      }
    });
    if (!failed.isEmpty()) {
      throw failed.getFirst();
    }
  }

  /** A prompt can wait for its next piece; whoever reads an answer waits for the next token. */
  private Lease leaseFor(WorkerRole role) {
    return role == WorkerRole.WORKER_ROLE_PREFILL ? engine.patientLease() : engine.lease();
  }

  private void end(WorkerRole role) {
    Running ending = running.remove(role);
    if (ending == null) {
      return;
    }
    try {
      ending.worker().close();
      LOG.info("ended: {}", role);
    } catch (Exception e) {
      LOG.warn("{} did not end as it should", role, e);
    }
  }

  /** Endpoints of the roles that run, by role and name. */
  synchronized Map<String, String> endpoints() {
    Map<String, String> all = new LinkedHashMap<>();
    running.values().forEach(each -> all.putAll(each.endpoints()));
    return all;
  }

  /** Ends all roles, and closes the engine. Blocking, idempotent. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      become(Set.of());
      engine.close();
    }
  }
}
