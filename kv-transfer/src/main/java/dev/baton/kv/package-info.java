/**
 * Blocks of KV: what they are called ({@link dev.baton.kv.BlockKey}, {@link dev.baton.kv.Lineage}),
 * what shape they have ({@link dev.baton.kv.Layout}) and where they live ({@link
 * dev.baton.kv.BlockPool}). How they travel stands in {@link dev.baton.kv.handoff}, how they are
 * kept on disk in {@link dev.baton.kv.tier}. Nothing here knows what a model is.
 */
@NullMarked
package dev.baton.kv;

import org.jspecify.annotations.NullMarked;
