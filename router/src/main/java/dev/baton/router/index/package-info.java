/**
 * Which worker has which block, as the workers say. {@link dev.baton.router.index.PrefixIndex} is
 * where to begin: its header has the layout in memory, the races and what may be wrong. Whoever
 * looks a prompt up brings a {@link dev.baton.router.index.PrefixMatches}; whoever feeds it holds
 * an {@link dev.baton.router.index.IndexedWorker}.
 */
@NullMarked
package dev.baton.router.index;

import org.jspecify.annotations.NullMarked;
