package dev.baton.kv.shm;

import java.lang.foreign.MemorySegment;

/**
 * What the records of a ring are for. One record at a time: its head, its payload in pieces, its
 * sum.
 *
 * @param <E> why a record is not taken; nothing more is read then
 */
public interface RingSink<E extends Exception> {
  /**
   * A record begins.
   *
   * @param head 44 bytes, a copy: nobody else can change them
   * @return how many bytes of payload follow, at least 1
   */
  int begin(byte[] head) throws E;

  /**
   * The next bytes of its payload. The other process can change them at any time: copy them, then
   * look at the copy.
   */
  void take(MemorySegment piece) throws E;

  /** Its payload is complete, and this is the sum that the writer put behind it. */
  void end(int sum) throws E;
}
