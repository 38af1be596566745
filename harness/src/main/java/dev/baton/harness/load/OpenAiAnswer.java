package dev.baton.harness.load;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Reads one streamed answer on the HTTP client's threads, without one of its own. */
final class OpenAiAnswer implements Flow.Subscriber<List<ByteBuffer>> {
  private static final int OK = 200;

  private final OpenAiEvents events;
  private final SseEvents stream;

  private OpenAiAnswer(AnswerListener listener) {
    this.events = new OpenAiEvents(listener);
    this.stream = new SseEvents(events::event);
  }

  /** Sends {@code request}; {@code listener} hears the answer, or why there is none. */
  static void read(HttpClient http, HttpRequest request, Duration limit, AnswerListener listener) {
    OpenAiAnswer answer = new OpenAiAnswer(listener);
    CompletableFuture<HttpResponse<String>> exchange =
        http.sendAsync(request, info -> answer.body(info.statusCode()));
    // The request's own limit ends with its head. A copy, because only the exchange itself can be
    // cancelled.
    var _ =
        exchange
            .copy()
            .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete((response, failure) -> {
              exchange.cancel(true);
              answer.over(response, failure);
            });
  }

  private BodySubscriber<String> body(int status) {
    return status == OK
        ? BodySubscribers.fromSubscriber(this, _ -> "")
        : BodySubscribers.ofString(StandardCharsets.UTF_8);
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> pieces) {
    pieces.forEach(stream::bytes);
  }

  @Override
  public void onError(Throwable broken) {
    // Heard again when the exchange completes.
  }

  @Override
  public void onComplete() {
    // As above.
  }

  private synchronized void over(
      @Nullable HttpResponse<String> response, @Nullable Throwable failure) {
    if (failure != null) {
      events.fail(why(failure instanceof CompletionException ? failure.getCause() : failure));
    } else if (response != null && response.statusCode() != OK) {
      events.fail(RequestFailure.ofOpenAi("http_" + response.statusCode(), response.body()));
    } else {
      events.end();
    }
  }

  private static RequestFailure why(@Nullable Throwable failure) {
    String message = String.valueOf(failure);
    return switch (failure) {
      case HttpConnectTimeoutException _ -> new RequestFailure("connection", message);
      case HttpTimeoutException _ -> new RequestFailure("timeout", message);
      case TimeoutException _ -> new RequestFailure("timeout", message);
      case IOException _ -> new RequestFailure("connection", message);
      case null, default -> new RequestFailure("generator", message);
    };
  }
}
