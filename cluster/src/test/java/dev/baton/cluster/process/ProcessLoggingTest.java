package dev.baton.cluster.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class ProcessLoggingTest {
  private static final Logger LOG = LoggerFactory.getLogger("dev.baton.Something");

  private final PrintStream err = System.err;
  private final ByteArrayOutputStream caught = new ByteArrayOutputStream();

  @BeforeEach
  void catchStderr() {
    System.setErr(new PrintStream(caught, true, UTF_8));
  }

  @AfterEach
  void releaseStderr() {
    System.setErr(err);
    ProcessLogging.plain(Level.ERROR);
  }

  private List<String> lines() {
    ProcessLogging.finish();
    return caught.toString(UTF_8).lines().toList();
  }

  private static Struct json(String line) throws Exception {
    Struct.Builder fields = Struct.newBuilder();
    JsonFormat.parser().merge(line, fields);
    return fields.build();
  }

  private static String field(Struct line, String name) {
    return line.getFieldsOrThrow(name).getStringValue();
  }

  @Test
  void lineIsJsonWithRoleIdAndRequest() throws Exception {
    ProcessLogging.start("decode", "d-1", Level.INFO);

    try (RequestScope scope = RequestScope.open("r-\"7\"")) {
      LOG.info("joined\nthe batch");
    }
    LOG.warn("nobody's", new IllegalStateException("why"));

    assertThat(lines()).hasSize(2);
    Struct first = json(lines().get(0));
    assertThat(field(first, "message")).isEqualTo("joined\nthe batch");
    assertThat(field(first, "role")).isEqualTo("decode");
    assertThat(field(first, "id")).isEqualTo("d-1");
    assertThat(field(first, "request_id")).isEqualTo("r-\"7\"");
    assertThat(field(first, "level")).isEqualTo("INFO");
    Struct second = json(lines().get(1));
    assertThat(second.containsFields("request_id")).isFalse();
    assertThat(field(second, "stack_trace")).contains("IllegalStateException: why");
  }

  @Test
  void javaUtilLoggingGoesTheSameWay() throws Exception {
    ProcessLogging.start("router", "r", Level.INFO);

    java.util.logging.Logger.getLogger("some.library").warning("through JUL");

    assertThat(lines()).hasSize(1);
    assertThat(field(json(lines().getFirst()), "message")).isEqualTo("through JUL");
  }

  @Test
  void librariesSpeakFromWarnOn() {
    ProcessLogging.start("router", "r", Level.DEBUG);

    LoggerFactory.getLogger("io.netty.channel.X").info("chatter");
    LoggerFactory.getLogger("org.apache.zookeeper.ClientCnxn").warn("again and again");
    LOG.debug("ours");

    assertThat(lines()).singleElement().asString().contains("ours");
  }

  @Test
  void plainFormatIsOneLineForAPerson() {
    ProcessLogging.plain(Level.INFO);

    LOG.error("port 80 cannot be bound", new IllegalStateException("x"));
    LOG.debug("hidden");

    assertThat(lines())
        .singleElement()
        .asString()
        .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} ERROR Something: port 80 cannot be bound");
  }

  @Test
  void plainFormatShowsStackTracesFromDebugOn() {
    ProcessLogging.plain(Level.DEBUG);

    LOG.error("broken", new IllegalStateException("x"));

    assertThat(lines())
        .hasSizeGreaterThan(2)
        .element(1)
        .asString()
        .contains("IllegalStateException");
  }

  @Test
  void levelIsReadFromItsName() {
    assertThat(ProcessLogging.level("debug", Level.INFO)).isEqualTo(Level.DEBUG);
    assertThat(ProcessLogging.level("", Level.INFO)).isEqualTo(Level.INFO);
    assertThat(ProcessLogging.level("loud", Level.WARN)).isEqualTo(Level.WARN);
  }
}
