package dev.baton.client;

/**
 * Where a router listens.
 *
 * @param host a name, an IPv4 address, or an IPv6 address without brackets
 * @param port 1 to 65535
 */
record Endpoint(String host, int port) {
  /**
   * Reads "host:port" or "[ipv6]:port".
   *
   * @throws IllegalArgumentException when it is neither
   */
  static Endpoint parse(String target) {
    int colon = target.lastIndexOf(':');
    String host = colon < 0 ? "" : target.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.contains(":")) {
      host = "";
    }
    int port = colon < 0 ? -1 : port(target.substring(colon + 1));
    if (host.isEmpty() || port < 1 || port > 65_535) {
      throw new IllegalArgumentException(
          "target: " + target + ", expected host:port, as in 127.0.0.1:7070");
    }
    return new Endpoint(host, port);
  }

  private static int port(String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException notANumber) {
      return -1;
    }
  }
}
