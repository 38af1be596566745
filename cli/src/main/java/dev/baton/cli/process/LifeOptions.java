package dev.baton.cli.process;

import dev.baton.cli.shell.Signals;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Option;

/**
 * How a long-running command lives: until SIGTERM or SIGINT, until its parent ends, or until an
 * operator orders that it drains. Either way the service is closed first; a close that takes longer
 * than {@link #CLOSE_LIMIT}, and than what it may wait for besides, is cut short.
 */
public final class LifeOptions {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(20);
  private static final Duration SAY_LIMIT = Duration.ofSeconds(1);
  private static final CountDownLatch CLOSABLE = new CountDownLatch(1);

  @Option(
      names = "--stop-with-parent",
      description =
          "Stop when stdin ends, as it does when the parent process dies; leave Ctrl-C to it.")
  private boolean stopWithParent;

  /**
   * Watches the parent from now on. Call it before anything that takes time is started, so that not
   * even a process that is still starting outlives its parent.
   */
  public void begin() {
    if (stopWithParent) {
      Signals.leaveInterruptToParent();
      Thread.ofPlatform().daemon().name("parent-watch").start(LifeOptions::exitAtEndOfInput);
    }
  }

  /** As {@link #serve(AutoCloseable, ReadyLine, Duration)}, of a service that waits for nobody. */
  public void serve(AutoCloseable service, ReadyLine ready) throws InterruptedException {
    serve(service, ready, Duration.ZERO);
  }

  /**
   * Says that the service is ready, and stays until the process is told to end.
   *
   * @param drainLimit how long its close may wait for what it runs
   */
  public void serve(AutoCloseable service, ReadyLine ready, Duration drainLimit)
      throws InterruptedException {
    closeAtExit(service, CLOSE_LIMIT.plus(drainLimit));
    System.out.println(ready.text());
    System.out.flush();
    new CountDownLatch(1).await();
  }

  /** Closes the service when the process ends by a signal or by {@link System#exit}. */
  public static void closeAtExit(AutoCloseable service) {
    closeAtExit(service, CLOSE_LIMIT);
  }

  private static void closeAtExit(AutoCloseable service, Duration limit) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(service, limit), "close"));
    CLOSABLE.countDown();
  }

  /**
   * Ends this process as SIGTERM does, with exit code 0, once it has a service to close. Does not
   * return.
   */
  public static void end() {
    try {
      CLOSABLE.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.exit(0);
  }

  private static void close(AutoCloseable service, Duration limit) {
    AtomicBoolean closed = new AtomicBoolean();
    Thread closing =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                service.close();
                closed.set(true);
              } catch (Exception failed) {
                say("baton: while closing: " + failed);
              }
            });
    try {
      if (!closing.join(limit)) {
        say("baton: closing took longer than " + limit.toSeconds() + " s");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!closed.get()) {
      Runtime.getRuntime().halt(1);
    }
  }

  /** On stderr, if somebody reads it: a process must end without that, too. */
  private static void say(String sentence) {
    try {
      var _ =
          Thread.ofPlatform().daemon().start(() -> System.err.println(sentence)).join(SAY_LIMIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void exitAtEndOfInput() {
    try {
      while (System.in.read() >= 0) {
        // Whatever the parent writes has no meaning.
      }
    } catch (IOException broken) {
      // A broken pipe is an ended one.
    }
    System.exit(0);
  }
}
