package dev.baton.client;

import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Events between a call's thread and the one thread that reads them. Bounded by what the reader
 * requests of the call, so writing never blocks.
 */
final class EventInbox implements AnswerCall.Listener {
  private sealed interface Signal {
    record Event(AnswerEvent event) implements Signal {}

    record Completed() implements Signal {}

    record Failed(BatonException failure) implements Signal {}
  }

  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();

  @Override
  public void event(AnswerEvent event) {
    signals.add(new Signal.Event(event));
  }

  @Override
  public void completed() {
    signals.add(new Signal.Completed());
  }

  @Override
  public void failed(BatonException failure) {
    signals.add(new Signal.Failed(failure));
  }

  /**
   * Waits for the next event; empty when the answer is complete. The call's deadline bounds the
   * wait.
   *
   * @throws BatonException when the call failed
   */
  Optional<AnswerEvent> take() throws InterruptedException {
    return switch (signals.take()) {
      case Signal.Event(AnswerEvent event) -> Optional.of(event);
      case Signal.Completed _ -> Optional.empty();
      case Signal.Failed(BatonException failure) -> throw failure;
    };
  }
}
