package dev.baton.cli.chaos;

import dev.baton.cli.local.ChildProcess;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Stopped;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One part of the cluster and the process that is it now. After {@link #end} it is not started any
 * more. Thread-safe; one fault at a time is done to it.
 */
final class ChaosMember {
  private final Path logs;
  private @Nullable ChildProcess process;
  private @Nullable ReadyLine ready;
  private int starts;
  private boolean ended;

  ChaosMember(Path logs) {
    this.logs = logs;
  }

  /** Starts a process, whose log is one of its own. */
  synchronized void start(String name, List<String> command) {
    if (ended) {
      throw new Stopped();
    }
    starts++;
    ready = null;
    process = ChildProcess.start(name, command, logs.resolve(name + "." + starts + ".log"));
  }

  /** Waits until it is ready. */
  ReadyLine awaitReady(Duration limit) throws InterruptedException {
    ReadyLine line = process().ready(limit);
    synchronized (this) {
      ready = line;
    }
    return line;
  }

  /** The process that it is now. */
  synchronized ChildProcess process() {
    if (process == null) {
      throw new Failure("a member of the cluster was never started");
    }
    return process;
  }

  /** Where its metrics are; empty while it is not ready, and for ZooKeeper. */
  synchronized Optional<String> admin() {
    return Optional.ofNullable(ready)
        .flatMap(each -> Optional.ofNullable(each.endpoints().get("admin")));
  }

  /** It is not to be started again; the process that there is, to be stopped, if there is one. */
  synchronized Optional<ChildProcess> end() {
    ended = true;
    return Optional.ofNullable(process);
  }
}
