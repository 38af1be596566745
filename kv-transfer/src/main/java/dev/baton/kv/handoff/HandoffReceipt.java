package dev.baton.kv.handoff;

/**
 * What a completed handoff did.
 *
 * @param blocksMoved blocks that were sent
 * @param blocksPresent blocks of the prompt that the receiver had already
 * @param bytesMoved bytes of KV that were sent, headers not counted
 */
public record HandoffReceipt(int blocksMoved, int blocksPresent, long bytesMoved) {}
