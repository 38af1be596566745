package dev.baton.cluster.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.baton.cluster.error.StartException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP port for operators. {@code /metrics} is what Prometheus scrapes; {@code /healthz} is 200
 * as long as the process answers at all; {@code /readyz} is 200 while it takes work and 503 with
 * the reason while it does not. GET and HEAD only.
 */
public final class AdminServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";

  private final HttpServer server;
  private final ExecutorService executor;
  private final PrometheusMeterRegistry registry;
  private final Supplier<Readiness> readiness;

  private AdminServer(
      HttpServer server,
      ExecutorService executor,
      PrometheusMeterRegistry registry,
      Supplier<Readiness> readiness) {
    this.server = server;
    this.executor = executor;
    this.registry = registry;
    this.readiness = readiness;
  }

  /**
   * Binds and serves.
   *
   * @param host name or address to listen on
   * @param port 0 takes a free one
   * @param registry closing it stays with the caller
   * @param readiness asked at each {@code /readyz}, on any thread; should not wait
   * @throws StartException if the address cannot be bound
   */
  public static AdminServer start(
      String host, int port, PrometheusMeterRegistry registry, Supplier<Readiness> readiness) {
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), 0);
    } catch (IOException e) {
      throw Ports.cannotBind("admin", host, port, e);
    }
    ExecutorService executor =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("admin-", 0).factory());
    AdminServer admin = new AdminServer(server, executor, registry, readiness);
    server.setExecutor(executor);
    server.createContext("/", admin::handle);
    server.start();
    return admin;
  }

  private record Answer(int status, String type, String text) {}

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      boolean head = method.equals("HEAD");
      Answer answer =
          head || method.equals("GET")
              ? answer(exchange.getRequestURI().getPath())
              : new Answer(405, TEXT, "only GET and HEAD\n");
      byte[] body = answer.text().getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      if (head) {
        exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
        exchange.sendResponseHeaders(answer.status(), -1);
      } else {
        exchange.sendResponseHeaders(answer.status(), body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }

  private Answer answer(String path) {
    try {
      return switch (path) {
        case "/metrics" -> new Answer(200, METRICS, registry.scrape());
        case "/healthz" -> new Answer(200, TEXT, "ok\n");
        case "/readyz" -> ready(readiness.get());
        default -> new Answer(404, TEXT, "here are /metrics, /healthz and /readyz\n");
      };
    } catch (RuntimeException e) {
      LOG.error("{} failed", path, e);
      return new Answer(500, TEXT, "a fault of Baton's own; the log has it\n");
    }
  }

  private static Answer ready(Readiness readiness) {
    return readiness.isReady()
        ? new Answer(200, TEXT, "ready\n")
        : new Answer(503, TEXT, readiness.reason() + "\n");
  }

  /** The port it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Frees the port and ends what is being answered; idempotent. */
  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
