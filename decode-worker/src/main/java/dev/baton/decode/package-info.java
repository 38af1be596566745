/**
 * The decode worker: reserves blocks for prompt and answer, takes the prompt's KV in from a prefill
 * worker, and writes answers token by token with continuous batching. Start reading at {@link
 * dev.baton.decode.DecodeWorker}; the way of one request stands in {@code DecodeCall}, the steps in
 * {@code DecodeLoop}.
 */
@NullMarked
package dev.baton.decode;

import org.jspecify.annotations.NullMarked;
