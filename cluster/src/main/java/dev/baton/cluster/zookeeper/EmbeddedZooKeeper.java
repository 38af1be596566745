package dev.baton.cluster.zookeeper;

import dev.baton.cluster.error.StartException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.PurgeTxnLog;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;

/**
 * A ZooKeeper server in this process: ZooKeeper's own server classes, standing alone, without its
 * admin HTTP server. For one machine and for tests; an ensemble is what survives a machine.
 *
 * <p>It keeps nodes and sessions in its data directory, so that workers that reconnect to a
 * restarted one keep their epochs. Sessions may last from {@value #MIN_SESSION_MS} ms to {@value
 * #MAX_SESSION_MS} ms.
 */
public final class EmbeddedZooKeeper implements AutoCloseable {
  /** Sessions end on a multiple of this. */
  static final int TICK_MS = 500;

  static final int MIN_SESSION_MS = 1_000;
  static final int MAX_SESSION_MS = 60_000;
  private static final int SNAPSHOTS_KEPT = 3;
  private static final int UNLIMITED = 0;
  private static final int DEFAULT_BACKLOG = -1;

  private final String host;
  private final ZooKeeperServer server;
  private final ServerCnxnFactory connections;
  private final FileTxnSnapLog files;

  private EmbeddedZooKeeper(
      String host, ZooKeeperServer server, ServerCnxnFactory connections, FileTxnSnapLog files) {
    this.host = host;
    this.server = server;
    this.connections = connections;
    this.files = files;
  }

  /** As the longer form, on loopback. */
  public static EmbeddedZooKeeper start(Path dataDir, int port) {
    return start(dataDir, InetAddress.getLoopbackAddress().getHostAddress(), port);
  }

  /**
   * Starts, with what the data directory holds from before; old snapshots in it are deleted.
   *
   * @param dataDir for snapshots and logs; made if it does not exist
   * @param host address to listen on; anyone who reaches it may change everything
   * @param port 0 takes a free one
   * @throws StartException if the directory cannot be used or the port not be bound
   */
  public static EmbeddedZooKeeper start(Path dataDir, String host, int port) {
    FileTxnSnapLog files = open(dataDir);
    ServerCnxnFactory connections = new NIOServerCnxnFactory();
    try {
      connections.configure(new InetSocketAddress(host, port), UNLIMITED);
    } catch (IOException e) {
      throw new StartException(
          StartException.Reason.CANNOT_BIND,
          "ZooKeeper port %s:%d cannot be bound (%s); stop what holds it, or choose another, 0 for a free one"
              .formatted(host, port, e.getMessage()),
          e);
    }
    ZooKeeperServer server =
        new ZooKeeperServer(
            files, TICK_MS, MIN_SESSION_MS, MAX_SESSION_MS, DEFAULT_BACKLOG, null, "");
    EmbeddedZooKeeper started = new EmbeddedZooKeeper(host, server, connections, files);
    try {
      connections.startup(server);
    } catch (IOException e) {
      started.close();
      throw unusable(dataDir, e);
    } catch (InterruptedException e) {
      started.close();
      Thread.currentThread().interrupt();
      throw unusable(dataDir, e);
    }
    return started;
  }

  private static FileTxnSnapLog open(Path dataDir) {
    try {
      Files.createDirectories(dataDir);
      File directory = dataDir.toFile();
      FileTxnSnapLog files = new FileTxnSnapLog(directory, directory);
      PurgeTxnLog.purge(directory, directory, SNAPSHOTS_KEPT);
      return files;
    } catch (IOException e) {
      throw unusable(dataDir, e);
    }
  }

  private static StartException unusable(Path dataDir, Exception why) {
    return new StartException(
        StartException.Reason.BAD_DIRECTORY,
        "data directory %s cannot be used (%s); name one that this user may write, empty or from an earlier run"
            .formatted(dataDir, why),
        why);
  }

  /** The port it listens on. */
  public int port() {
    return connections.getLocalPort();
  }

  /** What clients connect to: {@code host:port}. */
  public String connectString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port();
  }

  /** The server behind it. */
  ZooKeeperServer server() {
    return server;
  }

  /** Stops, writes what it holds, frees the port. Idempotent; blocks until its threads are gone. */
  @Override
  public void close() {
    connections.shutdown();
    server.shutdown();
    try {
      connections.join();
      files.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
