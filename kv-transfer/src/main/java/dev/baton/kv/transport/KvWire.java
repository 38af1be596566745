package dev.baton.kv.transport;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the bytes of planes travel by. */
public enum KvWire {
  /** A TCP connection. */
  TCP,
  /** A Unix socket. */
  UNIX,
  /** Memory that both processes share. */
  SHM;

  /** The socket behind a peer's address. */
  public static KvWire of(@Nullable SocketAddress peer) {
    return peer instanceof DomainSocketAddress ? UNIX : TCP;
  }

  /** Its name in metrics. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
