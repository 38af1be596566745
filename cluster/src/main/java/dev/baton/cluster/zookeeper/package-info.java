/** A ZooKeeper server inside this process, for one machine and for tests. */
@NullMarked
package dev.baton.cluster.zookeeper;

import org.jspecify.annotations.NullMarked;
