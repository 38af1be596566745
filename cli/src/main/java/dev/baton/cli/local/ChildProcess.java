package dev.baton.cli.local;

import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Failure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One process of a local cluster. Its stderr goes to a log file; its stdout is read for the line
 * that says it is ready; its stdin stays open as long as this process lives, so that it ends when
 * this one dies, however that happens. Thread-safe.
 */
public final class ChildProcess {
  private final String name;
  private final Process process;
  private final LogFile log;
  private final CompletableFuture<ReadyLine> ready = new CompletableFuture<>();

  private static final int SIGTERM_CODE = 128 + 15;

  private ChildProcess(String name, Process process, LogFile log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /** Starts {@code command}, whose stderr goes to {@code log}. */
  public static ChildProcess start(String name, List<String> command, Path log) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    try {
      ChildProcess child = new ChildProcess(name, builder.start(), new LogFile(log));
      // Reading a pipe holds a virtual thread's carrier: a few children, and nobody stops them.
      Thread.ofPlatform().daemon().name("read " + name).start(child::readOutput);
      return child;
    } catch (IOException notStarted) {
      throw new Failure("cannot start " + name + ": " + notStarted.getMessage(), notStarted);
    }
  }

  /** What it was called when it was started. */
  public String name() {
    return name;
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** Whether it has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits until the process says that it is ready.
   *
   * @throws Failure with its last log lines when it ends before, or does not say so within the
   *     limit
   */
  public ReadyLine ready(Duration limit) throws InterruptedException {
    try {
      return ready.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException slow) {
      throw new Failure(
          "%s was not ready in time; the end of its log:%n%s".formatted(name, log.tail()), slow);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof Failure failure) {
        throw failure;
      }
      throw new Failure(name + " could not be read from: " + failed.getCause(), failed);
    }
  }

  /** Calls {@code listener} with the exit code once the process has ended. */
  void onExit(Consumer<Integer> listener) {
    var _ = process.onExit().thenAccept(ended -> listener.accept(ended.exitValue()));
  }

  LogFile log() {
    return log;
  }

  /** Asks the process to end; it is forced to after the limit. Idempotent. */
  public void stop(Duration limit) {
    terminate();
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** SIGTERM: it is to end by itself. */
  public void terminate() {
    process.destroy();
  }

  /**
   * Waits until it has ended by itself, in order: with exit code 0, or that of SIGTERM.
   *
   * @throws Failure if it has not by then, and runs on; or if it ended otherwise
   */
  public void awaitOrderlyEnd(Duration limit) throws InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new Failure("%s did not end within %d s".formatted(name, limit.toSeconds()));
    }
    int code = process.exitValue();
    if (code != 0 && code != SIGTERM_CODE) {
      throw new Failure("%s was to drain, and ended with exit code %d".formatted(name, code));
    }
  }

  /** Stops all of these at once, as {@link #stop} does. Ends with the last. */
  public static void stop(List<ChildProcess> children, Duration limit) {
    List<Thread> stopping =
        children.stream().map(child -> Thread.ofVirtual().start(() -> child.stop(limit))).toList();
    boolean interrupted = false;
    for (Thread each : stopping) {
      try {
        each.join();
      } catch (InterruptedException ignored) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** SIGKILL; returns when it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** SIGSTOP: it stands still, and its connections stay open. */
  public void freeze() throws InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  public void thaw() throws InterruptedException {
    signal("CONT");
  }

  private void signal(String signal) throws InterruptedException {
    try {
      int code = new ProcessBuilder("kill", "-" + signal, Long.toString(pid())).start().waitFor();
      if (code != 0 && isAlive()) {
        throw new Failure("kill -%s %d ended with %d".formatted(signal, pid(), code));
      }
    } catch (IOException noKill) {
      throw new Failure("cannot run kill: " + noKill.getMessage(), noKill);
    }
  }

  private void readOutput() {
    try (BufferedReader lines = process.inputReader()) {
      lines.lines().forEach(line -> ReadyLine.parse(line).ifPresent(ready::complete));
      int code = process.waitFor();
      ready.completeExceptionally(
          new Failure(
              "%s ended with exit code %d before it was ready; the end of its log:%n%s"
                  .formatted(name, code, log.tail())));
    } catch (IOException | UncheckedIOException | Failure broken) {
      ready.completeExceptionally(broken);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      ready.completeExceptionally(interrupted);
    }
  }
}
