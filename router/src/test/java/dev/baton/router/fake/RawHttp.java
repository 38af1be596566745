package dev.baton.router.fake;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** An HTTP/1 client that writes exactly the bytes it is told to. */
public final class RawHttp implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;

  public RawHttp(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(10_000);
    socket.setTcpNoDelay(true);
    in = socket.getInputStream();
  }

  /** A POST with a JSON body. */
  public void post(String path, String json, String... headers) throws IOException {
    send(request("POST", path, "HTTP/1.1", json, headers));
  }

  public static String request(
      String method, String path, String version, String json, String... headers) {
    StringBuilder request = new StringBuilder();
    request.append(method).append(' ').append(path).append(' ').append(version).append("\r\n");
    request.append("Host: localhost\r\nContent-Type: application/json\r\n");
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    return request
        .append("Content-Length: ")
        .append(length)
        .append("\r\n\r\n")
        .append(json)
        .toString();
  }

  public void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  public void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  public Socket socket() {
    return socket;
  }

  /** Reads one response: a whole body, chunks put together, or everything until the end. */
  public Response response() throws IOException {
    String status = line();
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if ("chunked".equals(headers.get("transfer-encoding"))) {
      for (int size = chunk(); size > 0; size = chunk()) {
        body.writeBytes(in.readNBytes(size));
        line();
      }
      line();
    } else if (headers.containsKey("content-length")) {
      body.writeBytes(in.readNBytes(Integer.parseInt(headers.get("content-length"))));
    } else {
      body.writeBytes(in.readAllBytes());
    }
    return new Response(
        Integer.parseInt(status.split(" ")[1]), headers, body.toString(StandardCharsets.UTF_8));
  }

  private int chunk() throws IOException {
    return Integer.parseInt(line(), 16);
  }

  /** Reads up to the end of a line. */
  public String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("after '" + line + "'");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  /** Whether the server has closed its direction; waits for it. */
  public boolean isAtEnd() throws IOException {
    return in.read() < 0;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** A response. */
  public record Response(int status, Map<String, String> headers, String body) {}
}
