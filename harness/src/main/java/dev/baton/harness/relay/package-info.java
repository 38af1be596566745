/**
 * Workers without a model: they register, reserve and answer as real ones do, compute nothing, move
 * no KV, and send tokens as fast as they are taken or at a fixed pace, so that what a router costs
 * can be measured alone. Start at {@link dev.baton.harness.relay.StubWorkers}.
 */
@NullMarked
package dev.baton.harness.relay;

import org.jspecify.annotations.NullMarked;
