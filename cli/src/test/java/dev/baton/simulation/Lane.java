package dev.baton.simulation;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a call. What is sent arrives in order, each some time later, and is taken in by
 * the process at the end one at a time; messages only as they are asked for.
 */
final class Lane {
  private record Item(boolean isMessage, Runnable taking) {}

  private final Network network;
  private final Deque<Item> arrived = new ArrayDeque<>();
  private @Nullable SimulatedProcess to;
  private long last;
  private int credit;
  private boolean busy;

  /** Whether the network has lost it: what is under way does not arrive. */
  private boolean cut;

  Lane(Network network) {
    this.network = network;
  }

  /** Who takes in what comes. */
  void endsAt(SimulatedProcess process) {
    to = process;
  }

  /** Who takes in what comes, and what it does first. */
  void beginWith(SimulatedProcess process, Runnable first) {
    to = process;
    arrived.addFirst(new Item(false, first));
    pump();
  }

  /** When something that is sent now arrives. */
  long nextArrival() {
    last = Math.max(last, network.events().now()) + network.delay();
    return last;
  }

  /** Sends something that is no message: it is taken in when its turn comes. */
  void send(Runnable taking) {
    network.events().at(nextArrival(), () -> arrive(new Item(false, taking)));
  }

  /** Sends a message: it is taken in when it is asked for. */
  void sendMessage(Runnable taking) {
    network.events().at(nextArrival(), () -> arrive(new Item(true, taking)));
  }

  private void arrive(Item item) {
    if (!cut) {
      arrived.add(item);
      pump();
    }
  }

  /** Takes this in next, and nothing that came before and was not taken in. */
  void endWith(Runnable taking) {
    cut = true;
    arrived.clear();
    arrived.add(new Item(false, taking));
    pump();
  }

  /** Nothing that is under way arrives. */
  void cut() {
    cut = true;
  }

  /** So many more messages may be taken in. */
  void request(int messages) {
    credit = Math.max(credit, credit + messages);
    pump();
  }

  private boolean hasNext() {
    Item first = arrived.peek();
    return first != null && (!first.isMessage || credit > 0);
  }

  private void pump() {
    SimulatedProcess process = to;
    if (!busy && process != null && hasNext()) {
      busy = true;
      process.run(this::takeIn);
    }
  }

  private void takeIn() {
    while (hasNext()) {
      Item next = arrived.remove();
      credit -= next.isMessage ? 1 : 0;
      next.taking.run();
    }
    busy = false;
  }
}
