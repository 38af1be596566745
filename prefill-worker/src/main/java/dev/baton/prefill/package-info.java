/**
 * The prefill worker: reads prompts in chunks, keeps their KV as cache, samples the first token of
 * every choice and pushes both to the decode worker that the request's ticket names. Start reading
 * at {@link dev.baton.prefill.PrefillWorker}; the way of one request stands in {@code PrefillJob},
 * the order of work in {@code PrefillLoop}.
 */
@NullMarked
package dev.baton.prefill;

import org.jspecify.annotations.NullMarked;
