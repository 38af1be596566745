/**
 * Writes a random model in the format of a real one, so that everything works without a download
 * except the meaning of its text. Start from {@link dev.baton.model.random.RandomModel}.
 */
@NullMarked
package dev.baton.model.random;

import org.jspecify.annotations.NullMarked;
