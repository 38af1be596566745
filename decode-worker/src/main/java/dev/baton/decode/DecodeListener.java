package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import java.util.OptionalDouble;

/**
 * Hears what becomes of a call, in the order of its events: reserved, KV arrived or prompt
 * computed, tokens and ends of choices; then exactly one of {@link #completed} and {@link #failed},
 * after the call has given all its blocks back. Called by different threads, never by two at once
 * but {@link #failed}, which may come while another event is on its way. Must not block: the engine
 * waits.
 */
interface DecodeListener {
  /** Blocks for prompt and answers are reserved. */
  void reserved(int promptBlocks, int presentBlocks);

  /** The prompt's KV is in, verified. */
  void kvArrived(HandoffReceipt receipt);

  /** The prompt's KV is in, computed here. */
  void promptComputed(LocalPrefill.Account account);

  /** The next token of a choice, and what choosing it took here, where that is known. */
  void token(int choice, SampledToken token, OptionalDouble joules);

  /** A choice ended with the token before. */
  void finished(int choice, FinishReason reason);

  /** All choices ended. */
  void completed();

  /** The call ended early. */
  void failed(BatonException why);
}
