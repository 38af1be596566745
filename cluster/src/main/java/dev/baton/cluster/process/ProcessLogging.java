package dev.baton.cluster.process;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import net.logstash.logback.encoder.LogstashEncoder;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;
import org.slf4j.event.Level;

/**
 * Where log lines go: to stderr, because stdout belongs to what a command prints. Call it first in
 * {@code main}; each call replaces what was before.
 */
public final class ProcessLogging {
  /** Environment variable that names the level: ERROR, WARN, INFO, DEBUG or TRACE. */
  public static final String LEVEL_VARIABLE = "BATON_LOG_LEVEL";

  /** Libraries that say at INFO what only their authors want to know. */
  private static final List<String> TALKATIVE =
      List.of(
          "org.apache.zookeeper",
          "org.apache.curator",
          "io.netty",
          "io.grpc",
          "io.javalin",
          "org.eclipse.jetty",
          "ai.djl",
          "com.hubspot");

  /**
   * Told at each attempt to connect, or at each start; what matters of it ClusterConnection says.
   */
  private static final List<String> REPETITIVE =
      List.of(
          "org.apache.zookeeper.ClientCnxn",
          "org.apache.zookeeper.server.ServerCnxnFactory",
          "org.apache.curator.ConnectionState",
          // gRPC sets an option on Unix sockets that they do not have.
          "io.netty.bootstrap.Bootstrap",
          "io.netty.bootstrap.ServerBootstrap");

  /** Lines that may wait for stderr: some seconds of a busy router. */
  private static final int QUEUED_LINES = 8192;

  /** How long a process that ends waits for its last lines to be written. */
  private static final Duration FINISH_LIMIT = Duration.ofSeconds(3);

  private static final LongAdder DROPPED = new LongAdder();

  // Whoever starts logging replaces it; the process's end finishes it.
  private static volatile @Nullable LogQueue current;

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(ProcessLogging::finish, "log-writer at the end"));
  }

  private ProcessLogging() {}

  /**
   * One JSON object a line, with the fields {@code role} and {@code id}, and {@code request_id}
   * within a {@link RequestScope}. Whoever logs never waits for stderr: lines that find it blocked
   * for long are dropped and counted. The lines of a process that ends in any way but by SIGKILL
   * are all written.
   */
  public static void start(String role, String id, Level level) {
    install(new LogstashEncoder(), level, Map.of("role", role, "id", id), true);
  }

  /**
   * One short line an event, for commands that talk to a person. Stack traces show from DEBUG on.
   */
  public static void plain(Level level) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    boolean traces = level.toInt() <= Level.DEBUG.toInt();
    encoder.setPattern(
        "%d{HH:mm:ss.SSS} %-5level %logger{0}: %msg%n" + (traces ? "%ex" : "%nopex"));
    install(encoder, level, Map.of(), false);
  }

  private static void install(
      Encoder<ILoggingEvent> encoder, Level level, Map<String, String> fields, boolean queued) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    fields.forEach(context::putProperty);
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setName("stderr");
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    LogQueue queue = queued ? new LogQueue(appender, QUEUED_LINES, DROPPED, FINISH_LIMIT) : null;
    current = queue;
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(ch.qos.logback.classic.Level.convertAnSLF4JLevel(level));
    if (queue == null) {
      root.addAppender(appender);
    } else {
      queue.setContext(context);
      queue.setName("queue");
      queue.start();
      root.addAppender(queue);
    }
    // gRPC and the JDK log through java.util.logging.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    TALKATIVE.forEach(name -> context.getLogger(name).setLevel(ch.qos.logback.classic.Level.WARN));
    REPETITIVE.forEach(
        name -> context.getLogger(name).setLevel(ch.qos.logback.classic.Level.ERROR));
  }

  /** Lines that this process dropped because stderr was blocked. */
  static long dropped() {
    return DROPPED.sum();
  }

  /** Writes all lines that wait, unless stderr stays blocked; later ones are written at once. */
  static void finish() {
    LogQueue queue = current;
    if (queue != null) {
      queue.finish();
    }
  }

  /** The level that {@link #LEVEL_VARIABLE} names; the fallback where it names none. */
  public static Level level(Level fallback) {
    return level(Optional.ofNullable(System.getenv(LEVEL_VARIABLE)).orElse(""), fallback);
  }

  static Level level(String name, Level fallback) {
    for (Level each : Level.values()) {
      if (each.name().equals(name.toUpperCase(Locale.ROOT))) {
        return each;
      }
    }
    return fallback;
  }
}
