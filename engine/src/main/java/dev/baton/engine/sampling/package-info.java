/**
 * Turns logits into tokens. {@link dev.baton.engine.sampling.Sampler} is a pure function of logits,
 * sampling values, history and position: any worker chooses the same token.
 */
@NullMarked
package dev.baton.engine.sampling;

import org.jspecify.annotations.NullMarked;
