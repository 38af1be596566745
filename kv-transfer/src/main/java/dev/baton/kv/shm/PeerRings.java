package dev.baton.kv.shm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rings that a receiver was offered. The segments of handoffs that ended well stay mapped for
 * the next one, {@value #MOST_IDLE} at most, and no longer than until another is mapped after their
 * owner is gone. Safe for use by many threads.
 */
public final class PeerRings implements AutoCloseable {
  static final int MOST_IDLE = 8;

  /** Where a segment is, whatever its nonce. */
  private record Place(long process, int descriptor, int bytes) {
    static Place of(SegmentName name) {
      return new Place(name.process(), name.descriptor(), name.bytes());
    }

    boolean isGone() {
      return !Files.exists(Path.of("/proc/" + process + "/fd/" + descriptor));
    }
  }

  /** Those that no handoff uses, the longest unused first. */
  private final LinkedHashMap<Place, Segment> idle = new LinkedHashMap<>();

  private boolean closed;

  /** A segment that one handoff uses; given back once, by the thread that reads it. */
  public final class Use implements AutoCloseable {
    private final Place place;
    private final Segment segment;
    private boolean good;

    private Use(Place place, Segment segment) {
      this.place = place;
      this.segment = segment;
    }

    /** Its ring, from the begin. */
    public RingReader reader(Runnable wakeWriter) {
      return new RingReader(segment.memory(), wakeWriter);
    }

    /** The handoff ended well: the sender may use the segment for the next one. */
    public void released() {
      good = true;
    }

    @Override
    public void close() {
      giveBack(place, segment, good);
    }
  }

  /**
   * The ring that a sender offers.
   *
   * @throws IOException if there is none: another host's process, or namespace's, or user's, or
   *     another file
   */
  public Use use(SegmentName name) throws IOException {
    Place place = Place.of(name);
    Segment segment = takeIdle(place);
    if (segment != null && !isMeant(segment.memory(), name)) {
      segment.close();
      segment = null;
    }
    if (segment == null) {
      segment = open(name);
      closeGone();
    }
    return new Use(place, segment);
  }

  private static Segment open(SegmentName name) throws IOException {
    Segment segment = Segment.open(name);
    try {
      int _ = RingForm.capacity(segment.memory());
      if (isMeant(segment.memory(), name)) {
        return segment;
      }
    } catch (IllegalArgumentException e) {
      segment.close();
      throw new IOException(name + ": " + e.getMessage(), e);
    }
    segment.close();
    throw new IOException(name + ": another nonce stands there");
  }

  private static boolean isMeant(MemorySegment memory, SegmentName name) {
    return memory.get(RingForm.LONG, RingForm.MAGIC_AT) == RingForm.MAGIC
        && memory.get(RingForm.LONG, RingForm.NONCE_HIGH_AT) == name.nonceHigh()
        && memory.get(RingForm.LONG, RingForm.NONCE_LOW_AT) == name.nonceLow();
  }

  private synchronized @Nullable Segment takeIdle(Place place) {
    return idle.remove(place);
  }

  private synchronized void closeGone() {
    for (Iterator<Map.Entry<Place, Segment>> each = idle.entrySet().iterator(); each.hasNext(); ) {
      Map.Entry<Place, Segment> entry = each.next();
      if (entry.getKey().isGone()) {
        each.remove();
        entry.getValue().close();
      }
    }
  }

  private synchronized void giveBack(Place place, Segment segment, boolean good) {
    if (!good || closed) {
      segment.close();
      return;
    }
    Segment other = idle.put(place, segment);
    if (other != null) {
      other.close();
    }
    if (idle.size() > MOST_IDLE) {
      idle.pollFirstEntry().getValue().close();
    }
  }

  /** Segments that stay mapped though no handoff uses them. */
  synchronized int idle() {
    return idle.size();
  }

  /** Frees what no handoff uses; the rest goes when it is given back. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.values().forEach(Segment::close);
    idle.clear();
  }
}
