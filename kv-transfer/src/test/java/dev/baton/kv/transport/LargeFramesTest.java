package dev.baton.kv.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LargeFramesTest {
  private static final int SETTINGS = 4;
  private static final int MAX_FRAME_SIZE = 5;

  @Test
  void aServerForKvAnnouncesLargeFrames() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (KvServers servers = KvServers.start(new InetSocketAddress(loopback, 0), builder -> {});
        Socket client = new Socket(loopback, servers.port())) {
      client.setSoTimeout(30_000);
      client
          .getOutputStream()
          .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      client.getOutputStream().write(new byte[] {0, 0, 0, SETTINGS, 0, 0, 0, 0, 0});
      DataInputStream in = new DataInputStream(client.getInputStream());
      int announced = 0;
      while (announced == 0) {
        announced = maxFrameSize(in);
      }
      assertThat(announced).isEqualTo(1 << 20);
    }
  }

  /** What the next HTTP/2 frame says of it; 0 if nothing. */
  private static int maxFrameSize(DataInputStream in) throws Exception {
    byte[] head = in.readNBytes(9);
    byte[] body = in.readNBytes(ByteBuffer.wrap(head).getInt() >>> 8);
    if (head[3] == SETTINGS) {
      for (ByteBuffer settings = ByteBuffer.wrap(body); settings.hasRemaining(); ) {
        int id = settings.getShort();
        int value = settings.getInt();
        if (id == MAX_FRAME_SIZE) {
          return value;
        }
      }
    }
    return 0;
  }
}
