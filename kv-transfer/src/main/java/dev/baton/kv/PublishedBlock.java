package dev.baton.kv;

/**
 * A block and the key under which everybody sees it.
 *
 * @param block not to be written
 * @param key its identity
 */
public record PublishedBlock(Block block, BlockKey key) {}
