package dev.baton.cli.demo;

import java.util.Optional;

/**
 * Server-sent events from lines: what stands behind {@code data:} up to an empty line. Comments and
 * other fields are passed over. For one thread.
 */
final class SseEvents {
  private final StringBuilder data = new StringBuilder();
  private boolean any;

  /** Takes the next line, without its end; an event when this line completes one. */
  Optional<String> line(String line) {
    if (line.isEmpty()) {
      if (!any) {
        return Optional.empty();
      }
      String event = data.toString();
      data.setLength(0);
      any = false;
      return Optional.of(event);
    }
    if (line.startsWith("data:")) {
      String value = line.substring("data:".length());
      if (any) {
        data.append('\n');
      }
      data.append(value.startsWith(" ") ? value.substring(1) : value);
      any = true;
    }
    return Optional.empty();
  }
}
