package dev.baton.client;

import java.lang.ref.Cleaner;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An answer as it is written: a blocking iterator over its events.
 *
 * <ul>
 *   <li>Back-pressure: at most {@value #WINDOW} events wait here; a reader that pauses pauses the
 *       router.
 *   <li>{@link #close} cancels what is still running, from any thread; close every stream. One that
 *       is dropped unclosed is cancelled when it is garbage collected, and at its deadline at the
 *       latest.
 *   <li>{@link #hasNext} and {@link #next} are for one thread, and throw {@link BatonException}
 *       when the answer fails; an interrupt cancels it.
 * </ul>
 */
public final class AnswerStream implements Iterator<AnswerEvent>, AutoCloseable {
  static final int WINDOW = 32;

  private static final Cleaner CLEANER = Cleaner.create();

  private final AnswerCall call;
  private final EventInbox inbox = new EventInbox();
  private final AnswerAssembly assembly;
  private final Cleaner.Cleanable cancellation;
  private @Nullable AnswerEvent ahead;
  private @Nullable BatonException failure;
  private boolean ended;

  AnswerStream(AnswerCall call, int choices) {
    this.call = call;
    this.assembly = new AnswerAssembly(choices);
    // Neither the call nor the inbox may refer to this stream, or it could never be collected.
    this.cancellation = CLEANER.register(this, () -> call.cancel("the stream was closed"));
    call.start(inbox);
    call.request(WINDOW);
  }

  /** Waits for the next event; false after the last one. */
  @Override
  public boolean hasNext() {
    if (failure != null) {
      throw failure;
    }
    if (ahead == null && !ended) {
      ahead = take();
      ended = ahead == null;
    }
    return ahead != null;
  }

  /** The next event. */
  @Override
  public AnswerEvent next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the answer is complete");
    }
    AnswerEvent event = Objects.requireNonNull(ahead);
    ahead = null;
    assembly.add(event);
    call.request(1);
    return event;
  }

  /** Reads whatever has not been read yet, and returns the whole answer. */
  public Answer answer() {
    while (hasNext()) {
      next();
    }
    return assembly.answer();
  }

  /** Cancels the answer if it still runs. Idempotent. */
  @Override
  public void close() {
    cancellation.clean();
  }

  private @Nullable AnswerEvent take() {
    try {
      return inbox.take().orElse(null);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      close();
      failure = new BatonException(ErrorCode.CANCELLED, "interrupted while reading the answer");
      throw failure;
    } catch (BatonException failed) {
      failure = failed;
      throw failed;
    }
  }
}
