package dev.baton.kv.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory of this process's own for what is large and lives long: KV, weights. On Linux it is given
 * as it is touched, in pages of 2 MiB where the system has such. What {@link Arena#allocate(long,
 * long)} gives is written with zeros first, all of it, in pages of 4 KiB: half a second a gigabyte,
 * and several where a virtual machine's host has to find the memory too. Elsewhere, and where
 * native calls are not allowed, it is that.
 */
public final class AnonymousMemory {
  private static final Logger LOG = LoggerFactory.getLogger(AnonymousMemory.class);
  private static final long HUGE_PAGE = 2 << 20;

  private static final boolean MAPS = maps();

  private AnonymousMemory() {}

  /** Whether it can be done here. */
  private static boolean maps() {
    if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("linux")) {
      return false;
    }
    try {
      SystemCalls.unmap(SystemCalls.mapAnonymous(HUGE_PAGE), HUGE_PAGE);
      return true;
    } catch (IOException | LinkageError | IllegalCallerException e) {
      LOG.warn("KV and weights are written with zeros first: {}", e.toString());
      return false;
    }
  }

  /**
   * Zeros.
   *
   * @param alignment a power of two, at most a page
   * @param arena whose end gives the memory back
   * @throws OutOfMemoryError if the system does not promise so much
   */
  public static MemorySegment allocate(long bytes, long alignment, Arena arena) {
    return allocate(bytes, alignment, arena, false);
  }

  /**
   * As {@link #allocate}; a thread of its own touches all of it, in a tenth of its time, so that it
   * shows after a start, and not under load, if there is less memory than the system promised.
   */
  public static MemorySegment allocateAndTouch(long bytes, long alignment, Arena arena) {
    return allocate(bytes, alignment, arena, true);
  }

  private static MemorySegment allocate(long bytes, long alignment, Arena arena, boolean touch) {
    return MAPS && bytes >= HUGE_PAGE ? map(bytes, arena, touch) : arena.allocate(bytes, alignment);
  }

  @SuppressWarnings("restricted")
  private static MemorySegment map(long bytes, Arena arena, boolean touch) {
    long mapped = bytes + HUGE_PAGE; // to begin at the beginning of one
    try {
      long address = SystemCalls.mapAnonymous(mapped);
      long first = Math.ceilDiv(address, HUGE_PAGE) * HUGE_PAGE;
      adviseHugePages(first, bytes);
      Touching touching = new Touching(first, bytes);
      MemorySegment memory =
          MemorySegment.ofAddress(address)
              .reinterpret(
                  mapped,
                  arena,
                  _ -> {
                    touching.end();
                    unmap(address, mapped);
                  });
      if (touch) {
        touching.thread.start();
      }
      return memory.asSlice(first - address, bytes);
    } catch (IOException e) {
      OutOfMemoryError thrown = new OutOfMemoryError(e.getMessage());
      thrown.initCause(e);
      throw thrown;
    }
  }

  /** A system that does not hear it gives small ones. */
  private static void adviseHugePages(long address, long bytes) {
    try {
      SystemCalls.adviseHugePages(address, bytes);
    } catch (IOException e) {
      LOG.debug("pages are as the system gives them: {}", e.toString());
    }
  }

  private static void unmap(long address, long bytes) {
    try {
      SystemCalls.unmap(address, bytes);
    } catch (IOException e) {
      LOG.warn("memory cannot be given back: {}", e.toString());
    }
  }

  /** A thread that has the system give memory, piece by piece. */
  private static final class Touching {
    /** Others wait for the system while it gives a piece. */
    private static final long PIECE = 8 << 20;

    /**
     * Times as long as a piece took: where a host has to find it, others want the processor too.
     */
    private static final int REST = 9;

    private final long address;
    private final long bytes;
    private final Thread thread =
        Thread.ofPlatform().daemon().name("baton-memory").unstarted(this::touch);
    private volatile boolean ended;

    Touching(long address, long bytes) {
      this.address = address;
      this.bytes = bytes;
    }

    private void touch() {
      try {
        for (long at = 0; at < bytes && !ended; at += PIECE) {
          long begin = System.nanoTime();
          SystemCalls.populate(address + at, Math.min(PIECE, bytes - at));
          LockSupport.parkNanos(this, REST * (System.nanoTime() - begin));
        }
      } catch (IOException e) {
        LOG.info("memory is given as it is used, and not before: {}", e.toString());
      }
    }

    /** Waits until it has ended, if it ever began. */
    void end() {
      ended = true;
      LockSupport.unpark(thread);
      boolean interrupted = false;
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
