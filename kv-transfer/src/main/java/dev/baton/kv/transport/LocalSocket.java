package dev.baton.kv.transport;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Unix socket that stands beside a TCP port, for peers on the same host. Its name follows from
 * the port, and it lies in a directory that only this user may enter:
 *
 * <pre>
 *   java.io.tmpdir/baton-USER/kv-NETWORK-PORT.sock
 * </pre>
 *
 * NETWORK is the network namespace, because a port means something within one only. Nobody has to
 * be told of it, and a wrong guess costs nothing: a socket that does not answer is not used, and a
 * handoff that came to the wrong worker is refused for its ticket.
 */
final class LocalSocket {
  private static final Logger log = LoggerFactory.getLogger(LocalSocket.class);

  /** What a Unix socket's path may have in bytes, and one for its end. */
  private static final int PATH_LIMIT = 107;

  /** How long a socket may exist before somebody listens. */
  private static final Duration NEW = Duration.ofSeconds(10);

  private LocalSocket() {}

  /** Where the socket of this port is, if there can be one. */
  static Optional<Path> path(int port) {
    if (!Loops.areEpoll()) {
      return Optional.empty();
    }
    Path path = directory().resolve("kv-" + network() + "-" + port + ".sock").toAbsolutePath();
    return path.toString().getBytes(StandardCharsets.UTF_8).length <= PATH_LIMIT
        ? Optional.of(path)
        : Optional.empty();
  }

  private static Path directory() {
    return Path.of(
        System.getProperty("java.io.tmpdir"), "baton-" + System.getProperty("user.name"));
  }

  private static String network() {
    try {
      String link = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
      return link.replaceAll("[^0-9]", "");
    } catch (IOException | UnsupportedOperationException none) {
      return "0";
    }
  }

  /**
   * Makes the directory, and removes sockets that dead processes left there.
   *
   * @throws IOException if the directory cannot be made, or is not this user's alone
   */
  static void prepare() throws IOException {
    Path directory = directory();
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      make(directory);
    }
    if (!isOurs(directory)) {
      throw new IOException(directory + " is not this user's alone");
    }
    try (DirectoryStream<Path> sockets = Files.newDirectoryStream(directory, "kv-*.sock")) {
      for (Path each : sockets) {
        if (isDead(each)) {
          Files.deleteIfExists(each);
        }
      }
    }
  }

  private static void make(Path directory) throws IOException {
    try {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException another) {
      log.debug("another process made {} just now", directory);
    }
  }

  /** Removes a socket, and the directory when it was the last. */
  static void remove(Path socket) {
    try {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory());
    } catch (IOException others) {
      log.debug("{} stays: {}", directory(), others.toString());
    }
  }

  /** The socket of a server on this host; empty if the target is elsewhere or has none. */
  static Optional<Path> find(String target) {
    int colon = target.lastIndexOf(':');
    if (colon < 0 || !target.substring(colon + 1).matches("[0-9]{1,5}")) {
      return Optional.empty();
    }
    return path(Integer.parseInt(target.substring(colon + 1)))
        .filter(path -> Files.exists(path, LinkOption.NOFOLLOW_LINKS))
        .filter(path -> isHere(target.substring(0, colon)))
        .filter(path -> isOurs(directory()))
        .filter(LocalSocket::answers);
  }

  private static boolean isHere(String host) {
    try {
      InetAddress address = new InetSocketAddress(host, 1).getAddress();
      return address != null
          && (address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null);
    } catch (IOException unknown) {
      return false;
    }
  }

  private static boolean isOurs(Path directory) {
    try {
      return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
          && Files.getOwner(directory).getName().equals(System.getProperty("user.name"))
          && PosixFilePermissions.toString(Files.getPosixFilePermissions(directory))
              .endsWith("------");
    } catch (IOException | UnsupportedOperationException unknown) {
      return false;
    }
  }

  /** One that was made just now may be somebody's who is about to listen. */
  private static boolean isDead(Path socket) {
    try {
      if (Files.getLastModifiedTime(socket).toInstant().isAfter(Instant.now().minus(NEW))) {
        return false;
      }
      connect(socket);
      return false;
    } catch (ConnectException nobody) {
      return true;
    } catch (IOException busy) {
      return false;
    }
  }

  private static boolean answers(Path socket) {
    try {
      connect(socket);
      return true;
    } catch (IOException deadOrBusy) {
      return false;
    }
  }

  /**
   * Connects, without waiting: the queue of a server that is stopped may stay full.
   *
   * @throws ConnectException if nobody listens
   * @throws IOException if the connection is not made at once, for whatever reason
   */
  private static void connect(Path socket) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.configureBlocking(false);
      if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
        throw new IOException(socket + " does not answer at once");
      }
    }
  }
}
