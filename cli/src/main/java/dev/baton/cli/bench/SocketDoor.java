package dev.baton.cli.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * Takes blocks in over plain sockets: for each connection, first which blocks, then their bytes.
 */
final class SocketDoor implements AutoCloseable {
  private final ReceivingSide side;
  private final ServerSocketChannel tcp;
  private final ServerSocketChannel unix;

  SocketDoor(ReceivingSide side, Path unixPath) throws IOException {
    this.side = side;
    this.tcp = ServerSocketChannel.open();
    tcp.bind(new InetSocketAddress(InetAddress.ofLiteral(ReceivingSide.HOST), 0));
    this.unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    unix.bind(UnixDomainSocketAddress.of(unixPath));
    Thread.ofPlatform().daemon().name("tcp door").start(() -> accept(tcp));
    Thread.ofPlatform().daemon().name("unix door").start(() -> accept(unix));
  }

  int port() throws IOException {
    return ((InetSocketAddress) tcp.getLocalAddress()).getPort();
  }

  /** Sends some blocks over an open connection to a door, and waits until they are in place. */
  static void send(SocketChannel to, BenchPool pool, int from, int count, int planeBytes)
      throws IOException {
    to.write(ByteBuffer.allocate(2 * Integer.BYTES).putInt(from).putInt(count).flip());
    SocketPlanes.send(to, pool.blocks(from, count), planeBytes);
  }

  private void accept(ServerSocketChannel door) {
    try {
      while (true) {
        SocketChannel connection = door.accept();
        Thread.ofPlatform().daemon().name("socket").start(() -> serve(connection));
      }
    } catch (IOException closed) {
      // The process ends.
    }
  }

  private void serve(SocketChannel connection) {
    try (connection) {
      while (true) {
        ByteBuffer which = ByteBuffer.allocate(2 * Integer.BYTES);
        while (which.hasRemaining()) {
          if (connection.read(which) < 0) {
            return;
          }
        }
        SocketPlanes.receive(
            connection,
            side.pool().blocks(which.getInt(0), which.getInt(Integer.BYTES)),
            side.shape().layout().planeBytes());
      }
    } catch (EOFException gone) {
      // The sender ended early, and says why.
    } catch (IOException broken) {
      System.err.println("plain socket: " + broken);
    }
  }

  @Override
  public void close() throws IOException {
    tcp.close();
    unix.close();
  }
}
