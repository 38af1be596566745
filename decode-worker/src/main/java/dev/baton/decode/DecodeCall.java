package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffListener;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through the worker.
 *
 * <pre>
 * WAITING_FOR_ROOM ──granted, ticket──► WAITING_FOR_KV ──arrived──► DECODING
 *        │    └──granted, no ticket──► COMPUTING_PROMPT ──computed──────┘ │
 *        │                            │                                   │
 *        └────────────────────────────┴─────────────── end ───────────────┴──► ENDED
 * </pre>
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>Each state has one owner of the blocks: the admission queue; the receiver of the handoff,
 *       until it arrived, failed or was revoked; the loop, which also reads the prompt where no
 *       prefill worker does.
 *   <li>{@link #stop} may come at any time from any thread; the first reason counts. What waits is
 *       ended at once: the handoff is revoked first, then its blocks are given back. What the loop
 *       has ends at its next step.
 *   <li>A sender that is lost does not end the call: what came whole stays, and the rest is
 *       expected under the ticket's next generation, until the caller cancels or the deadline
 *       passes.
 *   <li>Every reference to a block is given back exactly once, before the listener hears of the
 *       end.
 * </ul>
 */
final class DecodeCall implements BlockAdmission.Applicant, HandoffListener {
  /** Where a call is. */
  enum State {
    /** In the admission queue. */
    WAITING_FOR_ROOM,
    /** Blocks are reserved; the prompt's KV is to come. */
    WAITING_FOR_KV,
    /** Local prefill: the prompt is the loop's. */
    COMPUTING_PROMPT,
    /** Its sequences are the loop's. */
    DECODING,
    /** Over; holds nothing. */
    ENDED
  }

  private final DecodeTask task;
  private final DecodeStages stages;
  private final BlockPool pool;
  private final Deadline deadline;
  private final DecodeListener listener;

  private volatile State state = State.WAITING_FOR_ROOM;
  private volatile @Nullable BatonException stopReason;
  private BlockAdmission.@Nullable Waiting place;
  private @Nullable ExpectedKv expected;

  /** What the call itself holds; the sequences hold their own blocks. */
  private List<Block> held = List.of();

  private int present;

  /** Sequences that have not ended; only the thread that has them counts. */
  private int live;

  /** Tokens that may still come, at most, of the choice that got one last. */
  private volatile int tokensLeft;

  /** A call that holds nothing yet; its prompt's KV must have come when the deadline passes. */
  DecodeCall(DecodeTask task, DecodeStages stages, Deadline deadline, DecodeListener listener) {
    this.task = task;
    this.stages = stages;
    this.pool = stages.pool();
    this.deadline = deadline;
    this.listener = listener;
    this.tokensLeft = task.maxTokens();
  }

  String requestId() {
    return task.requestId();
  }

  State state() {
    return state;
  }

  /** Answers that it has; those that ended count until all have. */
  int choices() {
    return task.choices().count();
  }

  /** Whether it shall end early. */
  boolean isStopped() {
    return stopReason != null;
  }

  /**
   * Enters the queue for blocks.
   *
   * @throws BatonException if the queue is full or the worker takes nothing new; the call then
   *     never began, and the listener hears nothing
   */
  void start() {
    stages.calls().add(this);
    try {
      enter();
    } catch (BatonException e) {
      stages.calls().remove(this);
      throw e;
    }
    stages.calls().changed();
  }

  private synchronized void enter() {
    if (stopReason != null) {
      throw stopReason;
    }
    int blocks = Math.toIntExact(task.plan().total());
    place = stages.admission().enter(task.cacheableKeys(), blocks, this);
  }

  @Override
  public void granted(List<Block> blocks, int presentBlocks) {
    try (RequestScope scope = RequestScope.open(requestId())) {
      if (!begin(blocks, presentBlocks)) {
        end(stopReason);
      }
      stages.calls().changed();
    }
  }

  private synchronized boolean begin(List<Block> blocks, int presentBlocks) {
    held = blocks;
    present = presentBlocks;
    if (stopReason != null) {
      return false;
    }
    List<Block> prompt = blocks.subList(0, task.plan().promptBlocks());
    if (task.ticket().isPresent()) {
      return expectKv(task.ticket().get(), prompt);
    }
    state = State.COMPUTING_PROMPT;
    listener.reserved(prompt.size(), present);
    int cached = present * pool.layout().blockTokens();
    stages.loop().read(new LocalPrefill(this, task, prompt, cached));
    return true;
  }

  private boolean expectKv(Ticket ticket, List<Block> prompt) {
    try {
      expected = new ExpectedKv(task, ticket, stages, deadline, this, prompt, present);
    } catch (RuntimeException e) {
      stopReason = BatonException.from(e);
      return false;
    }
    state = State.WAITING_FOR_KV;
    listener.reserved(prompt.size(), present);
    return true;
  }

  @Override
  public void arrived(HandoffReceipt receipt, List<SampledToken> firstTokens) {
    if (!beginDecoding(State.WAITING_FOR_KV)) {
      return;
    }
    try (RequestScope scope = RequestScope.open(requestId())) {
      try {
        Objects.requireNonNull(expected, "it came").arrived(firstTokens);
      } catch (RuntimeException e) {
        end(BatonException.from(e));
        return;
      }
      listener.kvArrived(receipt);
      decode(firstTokens);
    }
  }

  /**
   * The loop has read the prompt. Called by the loop, which does not have it any more.
   *
   * @param firstTokens of every choice, in order
   */
  void promptComputed(LocalPrefill.Account account, List<SampledToken> firstTokens) {
    if (!beginDecoding(State.COMPUTING_PROMPT)) {
      end(stopReason);
      return;
    }
    listener.promptComputed(account);
    decode(firstTokens);
  }

  private synchronized boolean beginDecoding(State from) {
    if (state != from || stopReason != null) {
      return false;
    }
    state = State.DECODING;
    return true;
  }

  private void decode(List<SampledToken> firstTokens) {
    List<DecodeSequence> going = new ArrayList<>();
    for (DecodeSequence sequence : split()) {
      if (advance(
          sequence,
          firstTokens.get(sequence.choice() - task.choices().first()),
          OptionalDouble.empty())) {
        going.add(sequence);
      }
    }
    stages.loop().join(going);
    stages.calls().changed();
  }

  /** Gives each choice its own blocks; the prompt's rest is copied for all but the first. */
  private List<DecodeSequence> split() {
    BlockPlan plan = task.plan();
    List<Block> shared = held.subList(0, plan.shared());
    List<DecodeSequence> sequences = new ArrayList<>(plan.choices());
    for (int i = 0; i < plan.choices(); i++) {
      int from = plan.shared() + i * plan.own();
      List<Block> own = held.subList(from, from + plan.own());
      if (i > 0 && plan.hasTail()) {
        own.getFirst().bytes().copyFrom(held.get(plan.shared()).bytes());
      }
      sequences.add(new DecodeSequence(this, task, task.choices().first() + i, shared, own));
    }
    held = shared;
    live = sequences.size();
    return sequences;
  }

  /**
   * Takes the next token of a sequence. A fault stops the call; its sequences then stay, and the
   * loop drops them.
   *
   * @param joules what choosing it took here, where it was chosen here and that is known
   * @return whether the loop goes on with the sequence; otherwise it gave its blocks back
   */
  boolean advance(DecodeSequence sequence, SampledToken token, OptionalDouble joules) {
    try {
      return deliver(sequence, token, joules);
    } catch (RuntimeException e) {
      stop(BatonException.from(e));
      return true;
    }
  }

  private boolean deliver(DecodeSequence sequence, SampledToken token, OptionalDouble joules) {
    listener.token(sequence.choice(), token, joules);
    FinishReason reason = sequence.append(token.getId());
    tokensLeft = sequence.tokensLeft();
    if (reason == null) {
      return true;
    }
    sequence.publish(pool);
    sequence.release(pool);
    listener.finished(sequence.choice(), reason);
    if (--live == 0) {
      end(null);
    }
    return false;
  }

  /** Ends a stopped call whose prompt the loop has not read. Called by the loop. */
  void dropPrompt() {
    end(stopReason);
  }

  /**
   * Ends a sequence of a stopped call. What a draining worker wrote of it may be fetched from here.
   * Called by the loop.
   */
  void drop(DecodeSequence sequence) {
    BatonException why = stopReason;
    if (why != null && why.code() == ErrorCode.ERROR_CODE_DRAINING) {
      sequence.publish(pool);
    }
    sequence.release(pool);
    if (--live == 0) {
      end(stopReason);
    }
  }

  @Override
  public void failed(HandoffException why) {
    again(why, Optional.empty());
  }

  @Override
  public void superseded(Ticket by, HandoffException why) {
    again(why, Optional.of(by));
  }

  private void again(HandoffException why, Optional<Ticket> by) {
    try (RequestScope scope = RequestScope.open(requestId())) {
      synchronized (this) {
        if (state != State.WAITING_FOR_KV || stopReason != null || expected == null) {
          return;
        }
        stopReason = expected.again(why, by);
        if (stopReason == null) {
          return;
        }
      }
      end(stopReason);
    }
  }

  /**
   * Whether it is expected to run for longer than this.
   *
   * @param secondsPerToken how long a sequence takes for a token; 0 if that is not known
   */
  boolean outlives(Duration limit, double secondsPerToken) {
    return switch (state) {
      case WAITING_FOR_ROOM -> true;
      case WAITING_FOR_KV, COMPUTING_PROMPT, DECODING ->
          tokensLeft * secondsPerToken > limit.toNanos() / 1e9;
      case ENDED -> false;
    };
  }

  /** Ends the call because the worker drains; false if it had ended, or was about to. */
  boolean handBack() {
    return stop(BatonException.draining());
  }

  /**
   * Ends the call early for this reason; the first reason counts.
   *
   * @return whether this is the first
   */
  boolean stop(BatonException why) {
    State at;
    BlockAdmission.Waiting waiting;
    ExpectedKv kv;
    synchronized (this) {
      if (stopReason != null || state == State.ENDED) {
        return false;
      }
      stopReason = why;
      at = state;
      waiting = place;
      kv = expected;
    }
    switch (at) {
      case WAITING_FOR_ROOM -> {
        if (waiting != null && stages.admission().withdraw(waiting)) {
          end(why);
        }
      }
      case WAITING_FOR_KV -> {
        if (kv != null) {
          kv.revoke();
        }
        end(why);
      }
      case COMPUTING_PROMPT, DECODING -> stages.loop().wake();
      case ENDED -> {}
    }
    return true;
  }

  private void end(@Nullable BatonException why) {
    List<Block> rest;
    synchronized (this) {
      if (state == State.ENDED) {
        throw new IllegalStateException(requestId() + " ended twice");
      }
      state = State.ENDED;
      rest = held;
      held = List.of();
    }
    pool.release(rest);
    if (why == null) {
      listener.completed();
    } else {
      listener.failed(why);
    }
    stages.calls().remove(this);
    stages.calls().changed();
  }
}
