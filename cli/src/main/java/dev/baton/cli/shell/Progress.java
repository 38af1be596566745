package dev.baton.cli.shell;

import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a command does now, on stderr: one line that is rewritten on a terminal, one line a step
 * elsewhere. Thread-safe.
 */
public final class Progress implements AutoCloseable {
  private static final List<String> MARKS = List.of("|", "/", "-", "\\");
  private static final long TICK_MILLIS = 120;
  private static final String ERASE = "\r\033[K";

  private final PrintStream out;
  private final boolean terminal;
  private final long start = System.nanoTime();
  private @Nullable String step;
  private boolean over;

  private Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** On stderr. */
  public static Progress onStderr() {
    Progress progress = new Progress(System.err, Terminal.isStderr());
    if (progress.terminal) {
      Thread.ofVirtual().name("progress").start(progress::animate);
    }
    return progress;
  }

  /** Says what is being done from now on. */
  public synchronized void step(String what) {
    if (over || what.equals(step)) {
      return;
    }
    step = what;
    if (!terminal) {
      out.println(what);
    }
  }

  /** Says something that stays. */
  public synchronized void note(String what) {
    out.println((terminal ? ERASE : "") + what);
  }

  /** Takes the line away. Idempotent. */
  @Override
  public synchronized void close() {
    if (!over && terminal && step != null) {
      out.print(ERASE);
      out.flush();
    }
    over = true;
  }

  private void animate() {
    try {
      for (int i = 0; draw(MARKS.get(i % MARKS.size())); i++) {
        Thread.sleep(TICK_MILLIS);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean draw(String mark) {
    if (!over && step != null) {
      long seconds = (System.nanoTime() - start) / 1_000_000_000;
      out.print(ERASE + mark + " " + step + " (" + seconds + " s) ");
      out.flush();
    }
    return !over;
  }
}
