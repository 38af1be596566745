package dev.baton.cluster.process;

import dev.baton.kv.KeyHoldings;
import dev.baton.proto.internal.v1.KvTier;

/**
 * A tier that a worker's status tells of.
 *
 * @param tier its name on the wire
 * @param holdings which blocks it has
 */
public record TierKeys(KvTier tier, KeyHoldings holdings) {}
