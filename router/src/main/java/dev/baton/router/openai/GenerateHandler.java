package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import dev.baton.router.generation.Generations;
import dev.baton.router.generation.TextModel;
import dev.baton.router.tenant.Tenant;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * Serves one of the two generating routes. Runs on a thread of its own, which waits for the answer
 * and writes it. The status is decided by the first token or the error before it; nothing is
 * written earlier. The client's departure, noticed while waiting or by a failed write, cancels
 * everywhere.
 */
final class GenerateHandler implements Handler {
  private final AnswerKind kind;
  private final Generations generations;
  private final InstantSource clock;
  private final int mostBodyBytes;
  private final Duration heartbeat;

  GenerateHandler(
      AnswerKind kind,
      Generations generations,
      InstantSource clock,
      int mostBodyBytes,
      Duration heartbeat) {
    this.kind = kind;
    this.generations = generations;
    this.clock = clock;
    this.mostBodyBytes = mostBodyBytes;
    this.heartbeat = heartbeat;
  }

  @Override
  public void handle(Context ctx) throws IOException, InterruptedException {
    Tenant tenant = TenantHeader.of(ctx);
    JsonNode body = Body.read(ctx, mostBodyBytes);
    String requestId = RequestIdHeader.of(ctx);
    Asked asked = kind.reader().apply(body, requestId);
    Function<BatonException, ApiError> error = why -> ApiErrors.of(why, asked.param());
    Answers answers = new Answers();
    try (DepartureWatch watch =
        DepartureWatch.open(ctx.req(), () -> answers.cancel("the client closed the connection"))) {
      AnswerWriter writer = writer(asked, requestId, error);
      answers.start(generations, asked.requests(), tenant, kind.door());
      if (asked.stream()) {
        stream(ctx, asked, writer, answers, error);
      } else {
        byte[] whole =
            Json.bytes(
                new WholeAnswer(writer)
                    .collect(answers, why -> new ApiException(error.apply(why))));
        ctx.status(200).contentType("application/json").result(whole);
      }
      if (watch.hasEarlyBytes() && !ctx.res().isCommitted()) {
        ctx.header("Connection", "close");
      }
    } finally {
      answers.cancel("the response is over");
    }
  }

  private AnswerWriter writer(
      Asked asked, String requestId, Function<BatonException, ApiError> error) {
    TextModel model;
    try {
      model = generations.models().named(asked.requests().getFirst().getModel());
    } catch (BatonException e) {
      throw new ApiException(error.apply(e));
    }
    return new AnswerWriter(
        kind.format().apply(model, logprobs(asked)),
        requestId,
        clock.instant().getEpochSecond(),
        asked.requests().size(),
        asked.choices());
  }

  private void stream(
      Context ctx,
      Asked asked,
      AnswerWriter writer,
      Answers answers,
      Function<BatonException, ApiError> error)
      throws InterruptedException {
    StreamedAnswer stream =
        new StreamedAnswer(writer, logprobs(asked), asked.includeUsage(), heartbeat);
    stream.awaitFirst(answers, why -> new ApiException(error.apply(why)));
    ctx.status(200)
        .contentType("text/event-stream; charset=utf-8")
        .header("Cache-Control", "no-cache")
        // nginx would otherwise collect the stream.
        .header("X-Accel-Buffering", "no");
    try {
      OutputStream out = ctx.res().getOutputStream();
      stream.write(answers, out, error);
    } catch (IOException e) {
      answers.cancel("a write to the client failed: " + e.getMessage());
    }
  }

  private static boolean logprobs(Asked asked) {
    return asked.requests().getFirst().hasLogprobs();
  }
}
