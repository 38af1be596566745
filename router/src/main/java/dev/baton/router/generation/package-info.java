/**
 * The way of a request: {@link dev.baton.router.generation.Generations#start} settles what was
 * asked, finds a pair of workers, and turns their events into the client's. Both front doors call
 * it; nothing here knows which.
 */
@NullMarked
package dev.baton.router.generation;

import org.jspecify.annotations.NullMarked;
