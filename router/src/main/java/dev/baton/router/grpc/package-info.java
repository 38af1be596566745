/**
 * The gRPC front door: {@code baton.v1.GenerationService}. Thin: what a request means is decided in
 * {@code dev.baton.router.generation}.
 */
@NullMarked
package dev.baton.router.grpc;

import org.jspecify.annotations.NullMarked;
