package dev.baton.decode;

import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffReceiver;
import java.time.Duration;

/**
 * What every call of the worker passes through.
 *
 * @param pool where its blocks come from
 * @param admission the queue for them
 * @param receiver takes the prompt's KV in
 * @param stallLimit how long that waits for a silent sender
 * @param loop writes the answers
 * @param calls knows all calls
 */
record DecodeStages(
    BlockPool pool,
    BlockAdmission admission,
    HandoffReceiver receiver,
    Duration stallLimit,
    DecodeLoop loop,
    DecodeCalls calls) {}
