package dev.baton.router.openai;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.RawHttp;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that leave, stay, hurry or speak old HTTP, over raw sockets. */
@Timeout(60)
class DepartureTest {
  private static final String PATH = "/v1/completions";

  private final House house = new House();
  private OpenAiDoor door;

  @BeforeEach
  void open() {
    door = OpenAiDoor.start("127.0.0.1", 0, house.generations, 1 << 20, () -> "", House.READY);
  }

  @AfterEach
  void close() {
    door.close();
    house.close();
  }

  private static String body(boolean stream) {
    return "{\"prompt\":\"hello\",\"stream\":" + stream + "}";
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void clientThatLeavesWhileThePromptIsReadCancelsBothWorkers(boolean stream) throws Exception {
    PrefillProbe prefill;
    DecodeProbe decode;
    try (RawHttp client = new RawHttp(door.port())) {
      client.post(PATH, body(stream));
      decode = house.decode.next();
      decode.reserved();
      prefill = house.prefill.next();
      prefill.progress();
    }
    assertThat(prefill.awaitCancelled()).isTrue();
    assertThat(decode.awaitCancelled()).isTrue();
    await().atMost(2, SECONDS).until(() -> house.generations.running() == 0);
    assertThat(house.counted("baton.cancellations", "phase", "prefilling")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void clientThatResetsItsConnectionCancelsBothWorkers(boolean stream) throws Exception {
    DecodeProbe decode;
    try (RawHttp client = new RawHttp(door.port())) {
      client.post(PATH, body(stream));
      decode = house.decode.next();
      client.socket().setSoLinger(true, 0);
    }
    assertThat(decode.awaitCancelled()).isTrue();
  }

  @Test
  void clientThatLeavesBetweenTwoTokensCancelsTheDecodeWorker() throws Exception {
    DecodeProbe decode;
    try (RawHttp client = new RawHttp(door.port())) {
      client.post(PATH, body(true));
      decode = house.decode.next();
      decode.reserved();
      house.prefill.next().done(0);
      decode.kvArrived(1, 0, 1);
      decode.text(0, "first");
      assertThat(client.line()).contains("200");
    }
    assertThat(decode.awaitCancelled()).isTrue();
    await().atMost(2, SECONDS).until(() -> house.generations.running() == 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneConnectionServesManyRequestsOneAfterTheOther(boolean stream) throws Exception {
    house.answer(_ -> "hi there");
    try (RawHttp client = new RawHttp(door.port())) {
      for (int i = 0; i < 20; i++) {
        client.post(PATH, body(stream));
        RawHttp.Response response = client.response();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).contains(stream ? "[DONE]" : "hi there");
        assertThat(response.headers()).doesNotContainKey("connection");
      }
      client.post(PATH, "{");
      assertThat(client.response().status()).isEqualTo(400);
      client.post(PATH, body(stream));
      assertThat(client.response().status()).isEqualTo(200);
    }
    assertThat(house.generations.running()).isZero();
  }

  @Test
  void aWaitLongerThanTheIdleTimeoutDoesNotDisturbTheRequest() throws Exception {
    door.close();
    door =
        OpenAiDoor.start(
            "127.0.0.1",
            0,
            house.generations,
            1 << 20,
            () -> "",
            House.READY,
            new OpenAiDoor.Times(
                Duration.ofMillis(200), Duration.ofSeconds(10), Duration.ofSeconds(1)));
    for (boolean stream : List.of(false, true)) {
      try (RawHttp client = new RawHttp(door.port())) {
        client.post(PATH, body(stream));
        DecodeProbe decode = house.decode.next();
        long start = System.nanoTime();
        await()
            .atMost(5, SECONDS)
            .until(() -> {
              decode.waiting();
              return System.nanoTime() - start > 900_000_000L;
            });
        assertThat(decode.isCancelled()).isFalse();
        decode.reserved();
        house.prefill.next().done(0);
        decode.kvArrived(1, 0, 1);
        decode.text(0, "late");
        decode.stopped(0);
        decode.complete();
        assertThat(client.response().body()).contains("late");
      }
    }
  }

  @Test
  void silentStreamHasHeartbeatsOnlyAfterItsFirstToken() throws Exception {
    door.close();
    door =
        OpenAiDoor.start(
            "127.0.0.1",
            0,
            house.generations,
            1 << 20,
            () -> "",
            House.READY,
            new OpenAiDoor.Times(
                Duration.ofSeconds(30), Duration.ofMillis(50), Duration.ofSeconds(1)));
    try (RawHttp client = new RawHttp(door.port())) {
      client.post(PATH, body(true));
      DecodeProbe decode = house.decode.next();
      decode.reserved();
      house.prefill.next().done(0);
      decode.kvArrived(1, 0, 1);
      client.socket().setSoTimeout(300);
      try {
        client.line();
        throw new AssertionError("something was written before the first token");
      } catch (SocketTimeoutException expected) {
        client.socket().setSoTimeout(10_000);
      }
      decode.text(0, "first");
      String line = client.line();
      assertThat(line).isEqualTo("HTTP/1.1 200 OK");
      while (!line.equals(": waiting")) {
        line = client.line();
      }
      decode.stopped(0);
      decode.complete();
      while (!line.equals("data: [DONE]")) {
        line = client.line();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void connectionCloseIsHonoured(boolean stream) throws Exception {
    house.answer(_ -> "bye");
    try (RawHttp client = new RawHttp(door.port())) {
      client.post(PATH, body(stream), "Connection: close");
      RawHttp.Response response = client.response();
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.headers()).containsEntry("connection", "close");
      assertThat(client.isAtEnd()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void http10IsServedAndItsConnectionClosed(boolean stream) throws Exception {
    house.answer(_ -> "old");
    try (RawHttp client = new RawHttp(door.port())) {
      client.send(RawHttp.request("POST", PATH, "HTTP/1.0", body(stream)));
      RawHttp.Response response = client.response();
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.body()).contains(stream ? "[DONE]" : "old");
      assertThat(response.headers()).doesNotContainKey("transfer-encoding");
      assertThat(client.isAtEnd()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void requestSentTooEarlyClosesTheConnectionAfterAWholeResponse(boolean stream) throws Exception {
    try (RawHttp client = new RawHttp(door.port())) {
      client.post(PATH, body(stream));
      DecodeProbe decode = house.decode.next();
      client.post(PATH, body(stream));
      decode.reserved();
      house.prefill.next().done(0);
      decode.kvArrived(1, 0, 1);
      decode.text(0, "one");
      decode.stopped(0);
      decode.complete();
      RawHttp.Response response = client.response();
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.body()).contains("one");
      assertThat(client.isAtEnd()).isTrue();
      assertThat(house.decode.calls()).isEqualTo(1);
    }
  }
}
