/**
 * The router: {@link dev.baton.router.Router} wires the front doors ({@code openai}, {@code grpc}),
 * the way of a request ({@code generation}), the view of the workers ({@code workers}) and the
 * choice among them ({@code placement}). It speaks text and tokens and knows no engine.
 */
@NullMarked
package dev.baton.router;

import org.jspecify.annotations.NullMarked;
