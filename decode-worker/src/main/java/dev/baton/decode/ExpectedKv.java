package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.Block;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffListener;
import dev.baton.kv.handoff.IncomingHandoff;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.v1.SampledToken;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The KV of a call's prompt that a handoff is to bring, in one attempt, or in several where senders
 * are lost. The call's lock guards it; once the call is stopped it does not change.
 */
final class ExpectedKv {
  private static final Logger LOG = LoggerFactory.getLogger(ExpectedKv.class);

  private final DecodeTask task;
  private final DecodeStages stages;
  private final Deadline deadline;
  private final HandoffListener listener;
  private final List<Block> prompt;
  private final int present;
  private IncomingHandoff incoming;

  /**
   * Expected from now on.
   *
   * @param deadline until when it must have come
   * @param listener hears of each attempt
   * @param prompt all its blocks, which stay the call's
   * @param present how many of them are here already
   * @throws BatonException INVALID_ARGUMENT if a handoff with the ticket's id is expected already
   */
  ExpectedKv(
      DecodeTask task,
      Ticket ticket,
      DecodeStages stages,
      Deadline deadline,
      HandoffListener listener,
      List<Block> prompt,
      int present) {
    this.task = task;
    this.stages = stages;
    this.deadline = deadline;
    this.listener = listener;
    this.prompt = prompt;
    this.present = present;
    BitSet here = new BitSet(prompt.size());
    here.set(0, present);
    try {
      incoming = expect(ticket, here);
    } catch (IllegalStateException e) {
      throw BatonException.invalid(
          "ticket", ticket, "the id of a handoff that is not expected already");
    }
  }

  private IncomingHandoff expect(Ticket ticket, BitSet here) {
    Duration lifetime = Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS));
    return stages.receiver().expect(ticket, task.promptKeys(), prompt, here, lifetime, listener);
  }

  /**
   * A sender is lost, or did not bring what it should: the blocks that came whole stay, and a later
   * attempt may bring the rest.
   *
   * @param by the attempt that has come already
   * @return why nothing more can come; null where it is still expected
   */
  @Nullable BatonException again(HandoffException why, Optional<Ticket> by) {
    if (!HandoffFailure.leavesRoomForAnother(why)) {
      return HandoffFailure.of(why);
    }
    try {
      BitSet here = incoming.whole();
      incoming = expect(by.orElseGet(incoming.ticket()::next), here);
      LOG.info(
          "the KV of {} of {} blocks is here, the rest may come from another sender: {}",
          here.cardinality(),
          prompt.size(),
          why.getMessage());
      return null;
    } catch (RuntimeException e) {
      return BatonException.from(e);
    }
  }

  /**
   * All of it has come, with these first tokens: its full blocks may be shared from now on.
   *
   * @throws BatonException HANDOFF_REFUSED if the tokens are not one of each choice, of the
   *     vocabulary; nothing is shared then
   */
  void arrived(List<SampledToken> firstTokens) {
    check(firstTokens);
    for (int i = present; i < task.plan().shared(); i++) {
      stages.pool().publish(prompt.get(i), task.promptKeys().get(i));
    }
  }

  private void check(List<SampledToken> firstTokens) {
    int choices = task.choices().count();
    if (firstTokens.size() != choices) {
      throw BatonException.handoffRefused(
          "%d first tokens came for %d choices".formatted(firstTokens.size(), choices));
    }
    for (SampledToken token : firstTokens) {
      if (token.getId() < 0 || token.getId() >= stages.loop().vocabulary()) {
        throw BatonException.handoffRefused(
            "first token %s is not in the vocabulary of %d"
                .formatted(Integer.toUnsignedString(token.getId()), stages.loop().vocabulary()));
      }
    }
  }

  /** Nothing is written into the blocks after this. */
  void revoke() {
    incoming.revoke();
  }
}
