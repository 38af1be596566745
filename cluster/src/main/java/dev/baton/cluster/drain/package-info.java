/**
 * How a member leaves without loss: it takes nothing new, finishes or gives back what it runs,
 * moves its hottest blocks to peers ({@link dev.baton.cluster.drain.Drain}), and is gone within its
 * limit. An operator orders it through ZooKeeper ({@link dev.baton.cluster.drain.OrderedDrain}), or
 * SIGTERM does. See docs/reliability.md, section Drain.
 */
@NullMarked
package dev.baton.cluster.drain;

import org.jspecify.annotations.NullMarked;
