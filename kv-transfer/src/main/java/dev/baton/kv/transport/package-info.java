/**
 * The wire under the handoff: sockets, event loops and settings of the connections that carry KV,
 * and how the memory of a block is lent to them instead of being copied.
 */
@NullMarked
package dev.baton.kv.transport;

import org.jspecify.annotations.NullMarked;
