/**
 * What every process of a cluster has besides its work: a gRPC server with health and reflection
 * ({@link dev.baton.cluster.process.GrpcServer}), an HTTP port for operators ({@link
 * dev.baton.cluster.process.AdminServer}), a status stream, metrics and logs.
 */
@NullMarked
package dev.baton.cluster.process;

import org.jspecify.annotations.NullMarked;
