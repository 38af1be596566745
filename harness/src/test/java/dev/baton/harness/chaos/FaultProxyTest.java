package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each fault on real sockets: what the far side of a pair gets of what the near side sends. */
@Timeout(60)
class FaultProxyTest {
  private static final int SHORT_MS = 150;

  private ServerSocket server;
  private FaultProxy proxy;

  @BeforeEach
  void open() throws IOException {
    server = new ServerSocket(0, 16, InetAddress.ofLiteral("127.0.0.1"));
    proxy = FaultProxy.to(server.getLocalPort());
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
    server.close();
  }

  private record Pair(Socket near, Socket far) {
    void send(String text) throws IOException {
      near.getOutputStream().write(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    String receive(int count) throws IOException {
      return new String(
          far.getInputStream().readNBytes(count), java.nio.charset.StandardCharsets.US_ASCII);
    }
  }

  private Pair connect() throws IOException {
    Socket near = new Socket(InetAddress.ofLiteral("127.0.0.1"), proxy.port());
    return new Pair(near, server.accept());
  }

  /** Nanoseconds from sending a byte to having it. */
  private static long nanos(Pair pair) throws IOException {
    long start = System.nanoTime();
    pair.send("x");
    assertThat(pair.receive(1)).isEqualTo("x");
    return System.nanoTime() - start;
  }

  @Test
  void withoutAFaultBytesPassBothWays() throws IOException {
    Pair pair = connect();

    pair.send("hello");
    assertThat(pair.receive(5)).isEqualTo("hello");
    new Pair(pair.far(), pair.near()).send("back");
    assertThat(new Pair(pair.far(), pair.near()).receive(4)).isEqualTo("back");
  }

  @Test
  void endOfOneSideIsTheEndOfTheOther() throws IOException {
    Pair pair = connect();

    pair.near().close();

    assertThat(pair.far().getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void latencyHoldsEveryPieceForAsLong() throws IOException {
    Pair pair = connect();
    proxy.apply(new WireFault.Latency(Duration.ofMillis(200)));

    assertThat(nanos(pair)).isGreaterThanOrEqualTo(200_000_000);
  }

  @Test
  void bandwidthLetsSoManyBytesASecondPass() throws IOException {
    Pair pair = connect();
    proxy.apply(new WireFault.Bandwidth(10_000));
    long start = System.nanoTime();

    pair.send("x".repeat(4_000));
    assertThat(pair.receive(4_000)).hasSize(4_000);

    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(390_000_000);
  }

  @Test
  void halfOpenHoldsEverythingUntilHealedAndClosesNothing() throws IOException {
    Pair pair = connect();
    proxy.apply(new WireFault.HalfOpen());
    pair.send("held");
    pair.far().setSoTimeout(SHORT_MS);

    assertThatThrownBy(() -> pair.receive(1)).isInstanceOf(SocketTimeoutException.class);
    proxy.heal();
    pair.far().setSoTimeout(0);
    assertThat(pair.receive(4)).isEqualTo("held");
  }

  @Test
  void resetBreaksTheConnectionsThatThereAreAndNoLaterOne() throws IOException {
    Pair pair = connect();
    pair.send("x");
    assertThat(pair.receive(1)).isEqualTo("x");

    proxy.apply(new WireFault.Reset());

    assertThatThrownBy(() -> pair.near().getInputStream().read())
        .isInstanceOf(SocketException.class);
    assertThatThrownBy(() -> pair.far().getInputStream().read())
        .isInstanceOf(SocketException.class);
    assertThat(nanos(connect())).isPositive();
  }

  @Test
  void truncationEndsTheStreamInTheMiddle() throws IOException {
    Pair pair = connect();
    pair.send("before");
    assertThat(pair.receive(6)).isEqualTo("before");

    proxy.apply(new WireFault.Truncation(3));
    pair.send("after");

    assertThat(pair.receive(5)).isEqualTo("aft");
    assertThat(pair.near().getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void reorderingDelaysEverySecondConnectionOnly() throws IOException {
    Pair first = connect();
    Pair second = connect();
    proxy.apply(new WireFault.Reordering(Duration.ofSeconds(20)));

    second.send("late");
    first.send("soon");

    assertThat(first.receive(4)).isEqualTo("soon");
    second.far().setSoTimeout(SHORT_MS);
    assertThatThrownBy(() -> second.receive(1)).isInstanceOf(SocketTimeoutException.class);
  }

  @Test
  void bitFlipsLeaveAloneWhatIsNoFrameOfKv() throws IOException {
    Pair pair = connect();
    proxy.apply(new WireFault.BitFlips(1, 7));
    String text = "BTKV is no frame outside HTTP/2".repeat(20);

    pair.send(text);

    assertThat(pair.receive(text.length())).isEqualTo(text);
    assertThat(proxy.flipped()).isZero();
  }

  @Test
  void whoeverConnectsWhileTheServerIsAwayIsReset() throws IOException {
    server.close();
    try (Socket near = new Socket(InetAddress.ofLiteral("127.0.0.1"), proxy.port())) {
      assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketException.class);
    }
  }
}
