package dev.baton.harness.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SseEventsTest {
  private static List<String> events(String stream, int piece) {
    List<String> heard = new ArrayList<>();
    SseEvents events = new SseEvents(heard::add);
    byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i += piece) {
      events.bytes(ByteBuffer.wrap(bytes, i, Math.min(piece, bytes.length - i)));
    }
    return heard;
  }

  private static List<String> events(String stream) {
    return events(stream, Integer.MAX_VALUE / 2);
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

  @Test
  void linesEndAsTheyLike() {
    assertThat(events("data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\n"))
        .containsExactly("a", "b", "c", "d");
  }

  @Test
  void piecesOfAnySizeGiveTheSameEvents() {
    String stream =
        ": hi\r\n\r\ndata: {\"text\":\"äöü €\"}\r\n\r\n\ndata: x\ndata: y\n\ndata: [DONE]\n\n";
    List<String> whole = events(stream);

    assertThat(whole).containsExactly("{\"text\":\"äöü €\"}", "x\ny", "[DONE]");
    for (int piece = 1; piece < stream.length(); piece++) {
      assertThat(events(stream, piece)).as("pieces of %d", piece).isEqualTo(whole);
    }
  }
}
