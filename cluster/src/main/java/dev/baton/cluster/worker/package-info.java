/**
 * What a worker of either role is beside its requests: how it is configured, what it offers ({@link
 * dev.baton.cluster.worker.WorkerOffer}), and its time as a member of the cluster, with its
 * servers, its epoch and its drain. Start reading at {@link dev.baton.cluster.worker.WorkerMember}.
 */
@NullMarked
package dev.baton.cluster.worker;

import org.jspecify.annotations.NullMarked;
