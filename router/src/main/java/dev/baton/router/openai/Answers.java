package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.Usage;
import dev.baton.router.generation.GenerationCall;
import dev.baton.router.generation.GenerationListener;
import dev.baton.router.generation.GenerationRequest;
import dev.baton.router.generation.Generations;
import dev.baton.router.tenant.Tenant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Between the threads that hear of a request's prompts and the one thread that answers the client:
 * what the first say waits here until the second has written it, so that a slow client blocks only
 * its own thread. What waits is never more than the answers themselves. Safe for use by many
 * threads.
 */
final class Answers {
  private final BlockingQueue<AnswerEvent> events = new LinkedBlockingQueue<>();
  // Both guarded by calls.
  private final List<GenerationCall> calls = new ArrayList<>();
  private @Nullable String left;

  /** Starts every prompt. Once the client has left, none is started and all are cancelled. */
  void start(Generations generations, List<GenerateRequest> requests, Tenant tenant, String door) {
    for (int i = 0; i < requests.size(); i++) {
      synchronized (calls) {
        if (left != null) {
          events.add(new AnswerEvent.Failed(BatonException.cancelled()));
          return;
        }
      }
      GenerationCall call =
          generations.start(
              GenerationRequest.of(requests.get(i), tenant, door, Optional.empty()),
              new Listener(i));
      @Nullable String gone;
      synchronized (calls) {
        calls.add(call);
        gone = left;
      }
      if (gone != null) {
        call.cancel(gone);
      }
    }
  }

  /** Cancels whatever still runs. Idempotent, never blocks. */
  void cancel(String reason) {
    List<GenerationCall> running;
    synchronized (calls) {
      left = reason;
      running = List.copyOf(calls);
    }
    running.forEach(call -> call.cancel(reason));
  }

  /** Waits for the next event. */
  AnswerEvent next() throws InterruptedException {
    return events.take();
  }

  /** Waits for the next event for so long; empty if there was none. */
  Optional<AnswerEvent> next(Duration atMost) throws InterruptedException {
    return Optional.ofNullable(events.poll(atMost.toMillis(), TimeUnit.MILLISECONDS));
  }

  /** The next event if it is there already. */
  Optional<AnswerEvent> nextNow() {
    return Optional.ofNullable(events.poll());
  }

  private final class Listener implements GenerationListener {
    private final int prompt;

    Listener(int prompt) {
      this.prompt = prompt;
    }

    @Override
    public void accepted(Accepted accepted) {
      events.add(new AnswerEvent.Started(prompt, accepted));
    }

    @Override
    public void delta(Delta delta) {
      events.add(new AnswerEvent.More(prompt, delta));
    }

    @Override
    public void finished(Finished finished) {
      events.add(new AnswerEvent.Ended(prompt, finished));
    }

    @Override
    public void completed(Usage usage) {
      events.add(new AnswerEvent.Completed(prompt, usage));
    }

    @Override
    public void failed(BatonException why) {
      events.add(new AnswerEvent.Failed(why));
    }
  }
}
