package dev.baton.cluster;

import dev.baton.cluster.error.BatonException;
import java.net.InetSocketAddress;
import java.util.Objects;

/**
 * Where somebody listens.
 *
 * @param host a name or an address; IPv6 addresses without brackets
 * @param port 1 to 65535
 */
public record Endpoint(String host, int port) {
  private static final String EXPECTED = "host:port with a port from 1 to 65535";

  /**
   * Checks the parts.
   *
   * @throws BatonException INVALID_ARGUMENT if the host is empty or the port out of range
   */
  public Endpoint {
    Objects.requireNonNull(host, "host");
    if (host.isBlank() || port < 1 || port > 65_535) {
      throw BatonException.invalid("endpoint", host + ":" + port, EXPECTED);
    }
  }

  /**
   * Reads {@code host:port}, or {@code [address]:port} for IPv6.
   *
   * @param field what the text is called where it was written, for the message
   * @throws BatonException INVALID_ARGUMENT naming field and text if it is not of that form
   */
  public static Endpoint parse(String field, String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (bracketed) {
      host = host.substring(1, host.length() - 1);
    }
    String digits = text.substring(colon + 1);
    if (host.isBlank()
        || host.chars().anyMatch(Character::isWhitespace)
        || host.contains(":") != bracketed
        || host.contains("/")
        || !digits.matches("[0-9]{1,5}")) {
      throw BatonException.invalid(field, text, EXPECTED);
    }
    int port = Integer.parseInt(digits);
    if (port < 1 || port > 65_535) {
      throw BatonException.invalid(field, text, EXPECTED);
    }
    return new Endpoint(host, port);
  }

  /** The socket address, resolved now. */
  public InetSocketAddress address() {
    return new InetSocketAddress(host, port);
  }

  /**
   * {@code host:port}; IPv6 addresses in brackets. Also what a gRPC channel takes as its target.
   */
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
