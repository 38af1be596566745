package dev.baton.kv;

/**
 * What is held at one moment.
 *
 * @param keys of all blocks, in no order
 * @param position in the journal: changes from there on are not in {@code keys}, all before are
 */
public record KeySnapshot(PackedKeys keys, long position) {}
