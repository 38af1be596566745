package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.router.admission.Applicant;
import dev.baton.router.admission.Entry;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request from the moment it asks to be let in: it waits, then it is its generation. Whatever
 * happens first ends the waiting, once. Safe for use by many threads.
 */
final class Arrival implements Applicant, GenerationCall {
  private final String requestId;
  private final Function<Entry, Generation> begin;
  private final Consumer<BatonException> failed;

  // All below guarded by this.
  private @Nullable Entry entry;
  private @Nullable Generation generation;
  private @Nullable String left;
  private boolean over;

  /**
   * A request that has not asked yet.
   *
   * @param begin starts it: gives it workers, or throws and leaves nothing behind but the entry
   * @param failed hears of the end of one that was not started
   */
  Arrival(String requestId, Function<Entry, Generation> begin, Consumer<BatonException> failed) {
    this.requestId = requestId;
    this.begin = begin;
    this.failed = failed;
  }

  /** It was let in. */
  void entered(Entry place) {
    @Nullable String gone;
    synchronized (this) {
      entry = place;
      gone = left;
    }
    if (gone != null) {
      leave(place);
    }
  }

  @Override
  public void start(Entry place) {
    try (RequestScope _ = RequestScope.open(requestId)) {
      if (hasLeft()) {
        throw BatonException.cancelled();
      }
      Generation begun = begin.apply(place);
      @Nullable String gone;
      synchronized (this) {
        generation = begun;
        gone = left;
      }
      if (gone != null) {
        begun.cancel(gone);
      }
    } catch (RuntimeException e) {
      place.end(false);
      end(BatonException.from(e));
    }
  }

  @Override
  public void refused(BatonException why) {
    end(why);
  }

  @Override
  public void cancel(String reason) {
    @Nullable Generation begun;
    @Nullable Entry place;
    synchronized (this) {
      left = reason;
      begun = generation;
      place = entry;
    }
    if (begun != null) {
      begun.cancel(reason);
    } else if (place != null) {
      leave(place);
    }
  }

  private synchronized boolean hasLeft() {
    return left != null;
  }

  private void leave(Entry place) {
    if (place.leave()) {
      end(BatonException.cancelled());
    }
  }

  private void end(BatonException why) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    failed.accept(why);
  }
}
