package dev.baton.client;

import java.util.BitSet;

/**
 * Checks that events come in the order that {@link AnswerEvent} promises. For one thread at a time.
 *
 * <pre>
 * EXPECTS_ACCEPTED -- Accepted --> RUNNING -- Completed, all choices finished --> COMPLETE
 *                                  RUNNING -- Delta, Finished --> RUNNING
 * </pre>
 */
final class EventOrder {
  private enum State {
    EXPECTS_ACCEPTED,
    RUNNING,
    COMPLETE
  }

  private final int choices;
  private final BitSet finished = new BitSet();
  private State state = State.EXPECTS_ACCEPTED;

  EventOrder(int choices) {
    this.choices = choices;
  }

  /**
   * Takes the next event.
   *
   * @throws BatonException when it cannot come now
   */
  void next(AnswerEvent event) {
    boolean holds =
        switch (event) {
          case AnswerEvent.Accepted _ -> state == State.EXPECTS_ACCEPTED;
          case AnswerEvent.Delta delta -> isOpen(delta.choice());
          case AnswerEvent.Finished end -> isOpen(end.choice());
          case AnswerEvent.Completed _ ->
              state == State.RUNNING && finished.cardinality() == choices;
        };
    if (!holds) {
      throw new BatonException(ErrorCode.INTERNAL, "the router sent out of order: " + event);
    }
    switch (event) {
      case AnswerEvent.Accepted _ -> state = State.RUNNING;
      case AnswerEvent.Delta _ -> {}
      case AnswerEvent.Finished end -> finished.set(end.choice());
      case AnswerEvent.Completed _ -> state = State.COMPLETE;
    }
  }

  boolean isComplete() {
    return state == State.COMPLETE;
  }

  private boolean isOpen(int choice) {
    return state == State.RUNNING && choice >= 0 && choice < choices && !finished.get(choice);
  }
}
