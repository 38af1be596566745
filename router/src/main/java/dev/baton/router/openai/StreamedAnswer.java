package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * Gives answers as they come, as server-sent events. What has come by the time of a write goes out
 * with it.
 */
final class StreamedAnswer {
  private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] WAITING = ": waiting\n\n".getBytes(StandardCharsets.US_ASCII);

  private final AnswerWriter writer;
  private final boolean logprobs;
  private final boolean includeUsage;
  private final Duration heartbeat;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private final BitSet opened = new BitSet();

  /**
   * For one request.
   *
   * @param logprobs whether tokens without text are worth an event
   * @param includeUsage whether the account ends the stream
   * @param heartbeat longest silence within the stream
   */
  StreamedAnswer(AnswerWriter writer, boolean logprobs, boolean includeUsage, Duration heartbeat) {
    this.writer = writer;
    this.logprobs = logprobs;
    this.includeUsage = includeUsage;
    this.heartbeat = heartbeat;
  }

  /**
   * Waits for the first token, writes nothing.
   *
   * @param error what to throw when there will be none
   */
  void awaitFirst(Answers answers, Function<BatonException, ApiException> error)
      throws InterruptedException {
    while (pending.size() == 0 && !writer.isComplete()) {
      AnswerEvent event = answers.next();
      if (event instanceof AnswerEvent.Failed failed) {
        throw error.apply(failed.why());
      }
      put(event);
    }
  }

  /**
   * Writes the stream to its end: {@code [DONE]}, or one error event.
   *
   * @param error how to tell an error
   * @throws IOException if the client went away
   */
  void write(Answers answers, OutputStream out, Function<BatonException, ApiError> error)
      throws IOException, InterruptedException {
    boolean failed = false;
    while (!failed && !writer.isComplete()) {
      flush(out);
      Optional<AnswerEvent> next = answers.next(heartbeat);
      if (next.isEmpty()) {
        pending.writeBytes(WAITING);
      }
      while (next.isPresent() && !failed) {
        if (next.get() instanceof AnswerEvent.Failed why) {
          putEvent(error.apply(why.why()).toJson());
          failed = true;
        } else {
          put(next.get());
          next = answers.nextNow();
        }
      }
    }
    if (!failed) {
      if (includeUsage) {
        ObjectNode last = writer.envelope(writer.format().chunkObject());
        last.putArray("choices");
        writer.putAccount(last);
        putEvent(last);
      }
      pending.writeBytes(DONE);
    }
    flush(out);
  }

  private void put(AnswerEvent event) {
    switch (event) {
      case AnswerEvent.Started started -> writer.started(started.prompt(), started.accepted());
      case AnswerEvent.More more -> {
        int index = writer.index(more.prompt(), more.delta().getChoice());
        open(index);
        boolean worthAnEvent =
            !more.delta().getText().isEmpty() || (logprobs && more.delta().getTokensCount() > 0);
        if (worthAnEvent) {
          putChoice(
              writer.format().more(index, more.delta().getText(), more.delta().getTokensList()));
        }
      }
      case AnswerEvent.Ended ended -> {
        int index = writer.index(ended.prompt(), ended.finished().getChoice());
        open(index);
        putChoice(writer.format().end(index, ended.finished().getReason()));
      }
      case AnswerEvent.Completed completed ->
          writer.completed(completed.prompt(), completed.usage());
      case AnswerEvent.Failed _ ->
          throw new IllegalStateException("an error is no part of a stream");
    }
  }

  private void open(int index) {
    if (!opened.get(index)) {
      opened.set(index);
      writer.format().opening(index).ifPresent(this::putChoice);
    }
  }

  private void putChoice(ObjectNode choice) {
    ObjectNode chunk = writer.envelope(writer.format().chunkObject());
    chunk.putArray("choices").add(choice);
    if (includeUsage) {
      chunk.putNull("usage");
    }
    putEvent(chunk);
  }

  private void putEvent(ObjectNode json) {
    pending.writeBytes(DATA);
    pending.writeBytes(Json.bytes(json));
    pending.writeBytes(END);
  }

  private void flush(OutputStream out) throws IOException {
    if (pending.size() > 0) {
      pending.writeTo(out);
      pending.reset();
      out.flush();
    }
  }
}
