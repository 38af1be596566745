package dev.baton.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SseEventsTest {
  private static List<String> events(String stream) {
    SseEvents events = new SseEvents();
    return stream.lines().map(events::line).flatMap(Optional::stream).toList();
  }

  @Test
  void eventsEndAtEmptyLines() {
    assertThat(events("data: a\n\ndata:b\n\n")).containsExactly("a", "b");
  }

  @Test
  void commentsAndOtherFieldsArePassedOver() {
    assertThat(events(": waiting\n\nevent: x\nid: 1\ndata: a\n: more\n\n")).containsExactly("a");
  }

  @Test
  void severalDataLinesAreOneEvent() {
    assertThat(events("data: a\ndata:\ndata:  b\n\n")).containsExactly("a\n\n b");
  }

  @Test
  void eventCutOffByTheEndOfTheStreamIsNone() {
    assertThat(events("data: a\n")).isEmpty();
  }
}
