package dev.baton.cluster.process;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Lines before an appender that blocks for as long as the test wants. */
class LogQueueTest {
  private final LoggerContext context = new LoggerContext();
  private final Blocking blocking = new Blocking();
  private final LongAdder dropped = new LongAdder();
  private final LogQueue queue = new LogQueue(blocking, 4, dropped, Duration.ofSeconds(30));

  LogQueueTest() {
    context.setMDCAdapter(new LogbackMDCAdapter());
    queue.setContext(context);
    blocking.start();
    queue.start();
  }

  private static final class Blocking extends AppenderBase<ILoggingEvent> {
    final List<String> written = new CopyOnWriteArrayList<>();
    final CountDownLatch first = new CountDownLatch(1);
    final Semaphore may = new Semaphore(0);

    @Override
    protected void append(ILoggingEvent event) {
      first.countDown();
      may.acquireUninterruptibly();
      written.add(event.getFormattedMessage());
    }
  }

  private void log(int line) {
    queue.doAppend(
        new LoggingEvent(
            "test", context.getLogger("test"), Level.INFO, "line {}", null, new Object[] {line}));
  }

  private static List<String> lines(IntStream numbers) {
    return numbers.mapToObj(each -> "line " + each).toList();
  }

  @Test
  void whoLogsNeverWaitsAndWhatFindsNoRoomIsCounted() throws Exception {
    log(0);
    assertThat(blocking.first.await(30, SECONDS)).isTrue();
    for (int i = 1; i <= 10; i++) {
      log(i);
    }

    assertThat(dropped.sum()).as("one is being written, four wait").isEqualTo(6);
    blocking.may.release(100);
    queue.finish();
    assertThat(blocking.written).isEqualTo(lines(IntStream.rangeClosed(0, 4)));
  }

  @Test
  void whoEndsDoesNotWaitForEverForAnAppenderThatStaysBlocked() throws Exception {
    LogQueue unread = new LogQueue(blocking, 4, dropped, Duration.ofMillis(50));
    unread.setContext(context);
    unread.start();
    LoggingEvent line =
        new LoggingEvent("test", context.getLogger("test"), Level.INFO, "line", null, null);
    unread.doAppend(line);
    assertThat(blocking.first.await(30, SECONDS)).isTrue();
    unread.doAppend(line);
    unread.doAppend(line);

    unread.finish();
    unread.doAppend(line);

    assertThat(dropped.sum()).as("two that waited, and the one after the end").isEqualTo(3);
    blocking.may.release(100);
  }

  @Test
  void theLastLinesAreWrittenBeforeTheEndAndLaterOnesAtOnce() throws Exception {
    log(0);
    assertThat(blocking.first.await(30, SECONDS)).isTrue();
    log(1);
    log(2);
    blocking.may.release(100);

    queue.finish();
    log(3);

    assertThat(blocking.written).isEqualTo(lines(IntStream.rangeClosed(0, 3)));
    assertThat(dropped.sum()).isZero();
  }
}
