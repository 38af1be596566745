package dev.baton.harness.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Writes down what a listener hears. */
final class Heard implements AnswerListener {
  private final List<String> signals = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private ServerAccount account;

  @Override
  public synchronized void more(int tokens, boolean text) {
    signals.add("more " + tokens + (text ? " with text" : ""));
  }

  @Override
  public synchronized void finished() {
    signals.add("finished");
  }

  @Override
  public synchronized void account(ServerAccount given) {
    account = given;
    signals.add("account");
  }

  @Override
  public synchronized void completed() {
    signals.add("completed");
    over.countDown();
  }

  @Override
  public synchronized void failed(RequestFailure failure) {
    signals.add("failed " + failure.type());
    over.countDown();
  }

  synchronized List<String> signals() {
    return List.copyOf(signals);
  }

  synchronized ServerAccount account() {
    return account;
  }

  /** All signals, once the last one came. */
  List<String> awaitAll() throws InterruptedException {
    if (!over.await(20, TimeUnit.SECONDS)) {
      throw new AssertionError("no end within 20 s, only " + signals());
    }
    return signals();
  }
}
