package dev.baton.model.text;

import java.util.List;
import java.util.Optional;

/**
 * Cuts a text that comes in pieces before the first of some strings.
 *
 * <p>The first is the one that ends first; of several that end at once, the one that begins first.
 * It therefore does not depend on the pieces. Text is held back only while it may be the beginning
 * of a stop string. One thread at a time.
 */
final class StopStrings {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private Optional<String> found = Optional.empty();

  StopStrings(List<String> stops) {
    if (stops.contains("")) {
      throw new IllegalArgumentException("stop: an empty string, expected at least one character");
    }
    this.stops = List.copyOf(stops);
  }

  /** The stop string that was found. */
  Optional<String> found() {
    return found;
  }

  /** Adds a piece; returns the text that no stop string can claim any more. */
  String push(String piece) {
    if (stops.isEmpty()) {
      return piece;
    }
    held.append(piece);
    int begin = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (at + stop.length() < end || (at + stop.length() == end && at < begin))) {
        begin = at;
        end = at + stop.length();
        found = Optional.of(stop);
      }
    }
    return take(found.isPresent() ? begin : held.length() - heldBack());
  }

  /** Returns what was held back: nothing, if a stop string was found. */
  String finish() {
    return found.isPresent() ? "" : take(held.length());
  }

  private String take(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }

  /** Length of the longest end of the text that begins a stop string. */
  private int heldBack() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (held.indexOf(stop.substring(0, length), held.length() - length) >= 0) {
          longest = length;
        }
      }
    }
    return longest;
  }
}
