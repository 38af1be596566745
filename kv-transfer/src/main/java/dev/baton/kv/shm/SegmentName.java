package dev.baton.kv.shm;

import java.util.HexFormat;

/**
 * How a process tells another of the same host which segment it means. Every combination of numbers
 * is one, also of a segment that does not exist.
 *
 * @param process the owner's process id
 * @param descriptor the owner's file descriptor
 * @param bytes size of the segment
 * @param nonceHigh first half of the random number that stands in the segment too, so that another
 *     file behind the same numbers is noticed
 * @param nonceLow its second half
 */
public record SegmentName(long process, int descriptor, int bytes, long nonceHigh, long nonceLow) {
  String path() {
    return "/proc/" + process + "/fd/" + descriptor;
  }

  /** Where the segment is said to be, and its nonce. */
  @Override
  public String toString() {
    HexFormat hex = HexFormat.of();
    return path() + " " + hex.toHexDigits(nonceHigh) + hex.toHexDigits(nonceLow);
  }
}
