/**
 * Which workers serve a request. {@link dev.baton.router.placement.Placement} is a pure function
 * over values: no clock, no network, no randomness, so that a simulator can call the very same
 * classes. What it sees is put together in {@code dev.baton.router.workers}.
 */
@NullMarked
package dev.baton.router.placement;

import org.jspecify.annotations.NullMarked;
