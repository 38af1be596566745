/**
 * What every member of a cluster does: it registers and watches ({@link
 * dev.baton.cluster.membership}), serves gRPC, health, status, metrics and logs ({@link
 * dev.baton.cluster.process}) and says what went wrong in one typed way ({@link
 * dev.baton.cluster.error}). A ZooKeeper for one machine stands in {@link
 * dev.baton.cluster.zookeeper}.
 */
@NullMarked
package dev.baton.cluster;

import org.jspecify.annotations.NullMarked;
