package dev.baton.kv.shm;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rings that a sender offers to receivers on its host. A segment is one handoff's at a time and
 * one receiver's for ever; after a handoff that ended well the next one to that receiver has it. At
 * most {@value #MOST_SEGMENTS} exist. Safe for use by many threads.
 */
public final class RingLender implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RingLender.class);

  static final int MOST_SEGMENTS = 16;

  /** Found by measuring, see docs/benchmarks.md. */
  static final int RING_BYTES = 1 << 20;

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Deque<Segment>> idle = new HashMap<>();
  private int segments;
  private boolean closed;

  /** A segment for one handoff; given back once. */
  public final class Loan implements AutoCloseable {
    private final String target;
    private final Segment segment;
    private final SegmentName name;
    private boolean good;

    private Loan(String target, Segment segment) {
      this.target = target;
      this.segment = segment;
      this.name = segment.name(random.nextLong(), random.nextLong());
    }

    /** What to tell the receiver. */
    public SegmentName name() {
      return name;
    }

    /** Makes the empty ring that the name stands for; before the receiver is told. */
    public RingWriter writer(Runnable wakeReader) {
      return new RingWriter(segment.memory(), name.nonceHigh(), name.nonceLow(), wakeReader);
    }

    /** The receiver does not touch the segment any more: it may be used again. */
    public void released() {
      good = true;
    }

    @Override
    public void close() {
      giveBack(target, segment, good);
    }
  }

  /** A ring for a handoff to {@code target}; empty if there are too many, or no memory. */
  public synchronized Optional<Loan> lend(String target) {
    if (closed) {
      return Optional.empty();
    }
    Deque<Segment> mine = idle.get(target);
    Segment segment = mine == null ? null : mine.poll();
    if (mine != null && mine.isEmpty()) {
      idle.remove(target);
    }
    if (segment == null) {
      segment = create();
    }
    return Optional.ofNullable(segment).map(found -> new Loan(target, found));
  }

  private @Nullable Segment create() {
    if (segments == MOST_SEGMENTS) {
      closeOneIdle();
    }
    if (segments == MOST_SEGMENTS) {
      return null;
    }
    try {
      Segment segment = Segment.create(RingForm.DATA_AT + RING_BYTES);
      segments++;
      return segment;
    } catch (IOException e) {
      log.warn("no shared memory for a handoff: {}", e.toString());
      return null;
    }
  }

  private void closeOneIdle() {
    for (Deque<Segment> each : idle.values()) {
      Segment oldest = each.pollLast();
      if (oldest != null) {
        drop(oldest);
        break;
      }
    }
    idle.values().removeIf(Deque::isEmpty);
  }

  private void drop(Segment segment) {
    segments--;
    segment.close();
  }

  private synchronized void giveBack(String target, Segment segment, boolean good) {
    if (good && !closed) {
      idle.computeIfAbsent(target, _ -> new ArrayDeque<>()).push(segment);
    } else {
      drop(segment);
    }
  }

  /** Segments that exist, lent or not. */
  synchronized int size() {
    return segments;
  }

  /** Frees the segments that are not lent; the others go when they are given back. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.values().forEach(each -> each.forEach(this::drop));
    idle.clear();
  }
}
