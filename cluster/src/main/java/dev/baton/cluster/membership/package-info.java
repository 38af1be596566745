/**
 * Who is there. A worker holds an ephemeral node ({@link
 * dev.baton.cluster.membership.WorkerRegistrar}); routers watch all of them ({@link
 * dev.baton.cluster.membership.WorkerDirectory}). Paths and payloads stand in docs/zookeeper.md.
 */
@NullMarked
package dev.baton.cluster.membership;

import org.jspecify.annotations.NullMarked;
