/**
 * Runs a model over KV blocks. {@link dev.baton.engine.Engine} is the interface; {@link
 * dev.baton.engine.cpu} the embedded implementation; {@link dev.baton.engine.emulated} takes the
 * time of other hardware and computes nothing; {@link dev.baton.engine.sampling} turns logits into
 * tokens. Knows no network.
 */
@NullMarked
package dev.baton.engine;

import org.jspecify.annotations.NullMarked;
