/**
 * Who is there. A worker or router holds an ephemeral node ({@link
 * dev.baton.cluster.membership.Registrar}); routers watch all workers ({@link
 * dev.baton.cluster.membership.WorkerDirectory}). Paths and payloads stand in docs/zookeeper.md.
 */
@NullMarked
package dev.baton.cluster.membership;

import org.jspecify.annotations.NullMarked;
