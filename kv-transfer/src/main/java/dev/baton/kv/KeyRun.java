package dev.baton.kv;

/**
 * Consecutive changes of one kind.
 *
 * @param stored whether the blocks came; else they left
 * @param keys in the order of the changes
 */
public record KeyRun(boolean stored, PackedKeys keys) {}
