/**
 * The disk tier behind a block pool: {@link dev.baton.kv.tier.DiskTier} is the bounded store of
 * files, {@link dev.baton.kv.tier.TierWriter} brings cached blocks there before they are evicted,
 * {@link dev.baton.kv.tier.TierReader} brings them back. Nothing read from disk is believed before
 * it is verified. The file's format stands in docs/disk-tier.md.
 */
@NullMarked
package dev.baton.kv.tier;

import org.jspecify.annotations.NullMarked;
