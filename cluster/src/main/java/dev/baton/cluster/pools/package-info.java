/**
 * Which pools serve which model, and which roles a worker of both roles has: what operators decide,
 * kept in ZooKeeper. {@link dev.baton.cluster.pools.Pools} is the rules at one moment, {@link
 * dev.baton.cluster.pools.PoolsNode} reads, watches and edits them.
 */
@NullMarked
package dev.baton.cluster.pools;

import org.jspecify.annotations.NullMarked;
