package dev.baton.kv.handoff;

import dev.baton.proto.v1.SampledToken;
import java.util.List;

/**
 * Hears how an expected handoff ends: exactly one of the methods is called, once, or none if the
 * handoff was revoked before. Called without locks of this package held, on a thread of the
 * transport or of the receiver's timer: it must not block, and what it throws is logged and
 * dropped.
 */
public interface HandoffListener {
  /**
   * All missing blocks are in place, verified. From now on nobody writes to the destination.
   *
   * @param firstTokens the first token of every choice, in order, as the sender committed them;
   *     whether there is one for every choice is the listener's to check
   */
  void arrived(HandoffReceipt receipt, List<SampledToken> firstTokens);

  /** The handoff is over without success. Nobody writes to the destination any more. */
  void failed(HandoffException why);

  /**
   * The handoff is over because a sender came with a later generation of its ticket. Nobody writes
   * to the destination any more. To let that sender write, expect its ticket before this returns;
   * by itself this is a failure.
   *
   * @param by what the sender came with
   * @param why what the senders before it hear
   */
  default void superseded(Ticket by, HandoffException why) {
    failed(why);
  }
}
