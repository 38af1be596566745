/**
 * Handoffs: how the blocks of one prompt get from the worker that computed them into reserved
 * blocks of the worker that decodes. {@link dev.baton.kv.handoff.HandoffSender} pushes, {@link
 * dev.baton.kv.handoff.HandoffReceiver} verifies and writes. Pulls use the same frames and checks
 * to fetch blocks out of another worker's cache: {@link dev.baton.kv.handoff.KvPuller} asks, {@link
 * dev.baton.kv.handoff.PullSource} sends. The protocol, byte by byte, stands in docs/handoff.md.
 */
@NullMarked
package dev.baton.kv.handoff;

import org.jspecify.annotations.NullMarked;
