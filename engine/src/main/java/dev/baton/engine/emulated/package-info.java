/**
 * An engine that computes nothing: it takes the time that other hardware would, and fills and
 * checks KV as if it had computed. For clusters of machines that one does not have. Start reading
 * at {@link dev.baton.engine.emulated.EmulatedEngine}.
 */
@NullMarked
package dev.baton.engine.emulated;

import org.jspecify.annotations.NullMarked;
