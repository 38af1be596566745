/**
 * The workers as this router sees them: who there is, how busy each says it is, what this router
 * has placed there, and a channel to each. {@link dev.baton.router.workers.Workers} puts that
 * together for placement and hands out {@link dev.baton.router.workers.Assignment}s.
 */
@NullMarked
package dev.baton.router.workers;

import org.jspecify.annotations.NullMarked;
