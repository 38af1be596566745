package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import dev.baton.cluster.process.Readiness;
import dev.baton.cluster.process.RequestScope;
import dev.baton.router.generation.Generations;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.VirtualThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server: the routes of the OpenAI API, and {@code /metrics}, {@code /healthz} and {@code
 * /readyz} for operators. Every request has a virtual thread of its own, so a slow client blocks
 * nobody else.
 */
public final class OpenAiDoor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenAiDoor.class);
  private static final int ACCEPT_QUEUE = 4096;
  private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";
  private static final String TEXT = "text/plain; charset=utf-8";

  private final Javalin server;
  private final int port;
  private final GracefulHandler responses;
  private final Duration stop;

  private OpenAiDoor(Javalin server, GracefulHandler responses, Duration stop) {
    this.server = server;
    this.responses = responses;
    this.stop = stop;
    this.port = server.port();
  }

  /**
   * Binds and serves.
   *
   * @param host name or address to listen on
   * @param port 0 takes a free one
   * @param mostBodyBytes longest body
   * @param metrics the process's metrics in Prometheus' text format
   * @param readiness asked at each {@code /readyz}; should not wait
   * @throws StartException if the address cannot be bound
   */
  public static OpenAiDoor start(
      String host,
      int port,
      Generations generations,
      int mostBodyBytes,
      Supplier<String> metrics,
      Supplier<Readiness> readiness) {
    return start(host, port, generations, mostBodyBytes, metrics, readiness, Times.USUAL);
  }

  static OpenAiDoor start(
      String host,
      int port,
      Generations generations,
      int mostBodyBytes,
      Supplier<String> metrics,
      Supplier<Readiness> readiness,
      Times times) {
    InstantSource clock = InstantSource.system();
    ModelsHandlers models = new ModelsHandlers(generations, clock.instant());
    GracefulHandler responses = new GracefulHandler();
    Javalin server =
        Javalin.create(config -> {
          configure(config, host, port, times, responses);
          RoutesConfig routes = config.routes;
          routes.before(RequestIdHeader::put);
          routes.before(ctx -> {
            if (generations.isDraining()) {
              // A balancer finds another router when the client connects again.
              ctx.header("Connection", "close");
            }
          });
          for (AnswerKind kind : AnswerKind.all()) {
            routes.post(
                kind.path(),
                new GenerateHandler(kind, generations, clock, mostBodyBytes, times.heartbeat()));
          }
          routes.get("/v1/models", models::all);
          routes.get("/v1/models/<id>", models::one);
          routes.get("/v1/decisions/{id}", new DecisionHandler(generations)::one);
          routes.get("/metrics", ctx -> ctx.contentType(METRICS).result(metrics.get()));
          routes.get("/healthz", ctx -> ctx.contentType(TEXT).result("ok\n"));
          routes.get("/readyz", ctx -> ready(ctx, readiness.get()));
          routes.exception(ApiException.class, (e, ctx) -> respond(ctx, e.error()));
          routes.exception(HttpResponseException.class, OpenAiDoor::noRoute);
          routes.exception(IOException.class, (e, ctx) -> respond(ctx, broken(e)));
          routes.exception(Exception.class, (e, ctx) -> respond(ctx, unexpected(ctx, e)));
        });
    try {
      return new OpenAiDoor(server.start(), responses, times.stop());
    } catch (JavalinBindException e) {
      throw new StartException(
          StartException.Reason.CANNOT_BIND,
          "the HTTP port %s:%d cannot be bound; is it taken?".formatted(host, port),
          e);
    }
  }

  private static void configure(
      JavalinConfig config, String host, int port, Times times, GracefulHandler responses) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.http.prefer405over404 = true;
    // An event that waits in a compressor is an event late.
    config.http.compressionStrategy = CompressionStrategy.NONE;
    config.jetty.addConnector((jetty, http) -> {
      ServerConnector connector = new ServerConnector(jetty, new HttpConnectionFactory(http));
      connector.setHost(host);
      connector.setPort(port);
      connector.setIdleTimeout(times.idle().toMillis());
      // The kernel lets connections beyond the queue, 50 unless told, wait for seconds: a burst of
      // agents is more.
      connector.setAcceptQueueSize(ACCEPT_QUEUE);
      return connector;
    });
    // Every request waits on its thread; how many may run is decided where requests start.
    VirtualThreadPool threads = new VirtualThreadPool(-1);
    threads.setName("http");
    config.jetty.threadPool = threads;
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setSendDateHeader(true);
      http.setIdleTimeout(times.idle().toMillis());
    });
    config.jetty.modifyServer(jetty -> {
      jetty.setErrorHandler(new JettyErrors());
      jetty.insertHandler(responses);
    });
    config.router.javaLangErrorHandler((response, error) -> {
      ApiError what = ApiErrors.of(BatonException.from(error), UnaryOperator.identity());
      response.setStatus(what.status());
      response.setContentType("application/json");
      try {
        response.getOutputStream().write(Json.bytes(what.toJson()));
      } catch (IOException clientLeft) {
        // Nobody is left to tell.
        return;
      }
    });
  }

  private static void ready(Context ctx, Readiness readiness) {
    ctx.status(readiness.isReady() ? 200 : 503)
        .contentType(TEXT)
        .result(readiness.isReady() ? "ready\n" : readiness.reason() + "\n");
  }

  private static void noRoute(HttpResponseException e, Context ctx) {
    String what = ctx.method() + " " + ctx.path();
    respond(
        ctx,
        switch (e.getStatus()) {
          case 404 -> ApiError.invalid(404, "not_found", null, what + ": there is no such path");
          case 405 ->
              ApiError.invalid(
                  405, "method_not_allowed", null, what + ": the path has another method");
          default ->
              ApiError.invalid(e.getStatus(), "invalid_request", null, what + ": not possible");
        });
  }

  private static ApiError broken(IOException e) {
    return e.getCause() instanceof TimeoutException
        ? ApiError.invalid(408, "request_timeout", null, "the body did not come in time")
        : ApiError.invalid(400, "body_incomplete", null, "the body ended too early");
  }

  private static ApiError unexpected(Context ctx, Exception e) {
    try (RequestScope _ = RequestScope.open(RequestIdHeader.of(ctx))) {
      return ApiErrors.of(BatonException.from(e), UnaryOperator.identity());
    }
  }

  private static void respond(Context ctx, ApiError error) {
    if (ctx.res().isCommitted()) {
      return;
    }
    error
        .retryAfterMs()
        .ifPresent(ms -> ctx.header("Retry-After", Integer.toString(Math.ceilDiv(ms, 1000))));
    byte[] body = Json.bytes(error.toJson());
    ctx.status(error.status()).contentType("application/json");
    try {
      if (UnreadBody.isLeftOf(ctx.req())) {
        ctx.res().setContentLength(body.length);
        ctx.res().getOutputStream().write(body);
        ctx.res().flushBuffer();
        UnreadBody.discard(ctx.req());
      } else {
        ctx.result(body);
      }
    } catch (IOException clientLeft) {
      // Nobody is left to tell.
      return;
    }
  }

  /** The port it listens on. */
  public int port() {
    return port;
  }

  /**
   * Takes nothing new, lets responses whose end is known be written, breaks the others off, and
   * frees the port. Idempotent.
   */
  @Override
  public void close() {
    try {
      responses.shutdown().get(stop.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("responses were broken off: {}", String.valueOf(e.getMessage()));
    }
    server.stop();
  }

  /**
   * Times of connections.
   *
   * @param idle longest wait for a client to send, or to take what is sent
   * @param heartbeat longest silence within a stream
   * @param stop how long a last response may take to be written when the door closes
   */
  record Times(Duration idle, Duration heartbeat, Duration stop) {
    static final Times USUAL =
        new Times(Duration.ofSeconds(60), Duration.ofSeconds(10), Duration.ofSeconds(2));
  }
}
