/**
 * Java SDK of Baton: asks a router for answers, whole or as they are written. Start at {@link
 * dev.baton.client.BatonClient}; what to ask is a {@link dev.baton.client.GenerationRequest}, what
 * comes back an {@link dev.baton.client.Answer} or its {@link dev.baton.client.AnswerEvent}s, and
 * what may go wrong a {@link dev.baton.client.BatonException}.
 */
@NullMarked
package dev.baton.client;

import org.jspecify.annotations.NullMarked;
