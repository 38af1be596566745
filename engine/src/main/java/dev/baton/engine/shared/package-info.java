/**
 * One engine for several loops of a process: a step holds what all of them want computed. Start at
 * {@link dev.baton.engine.shared.SharedEngine}.
 */
@NullMarked
package dev.baton.engine.shared;

import org.jspecify.annotations.NullMarked;
