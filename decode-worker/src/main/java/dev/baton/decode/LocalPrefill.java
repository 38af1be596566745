package dev.baton.decode;

import dev.baton.cluster.work.EnergySum;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.proto.v1.SampledToken;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * A prompt that the decode worker reads itself, chunk by chunk, in the steps of the sequences that
 * decode meanwhile. Its KV and its first tokens are those that a prefill worker would have pushed,
 * bit for bit. Used by the loop's thread only, but for {@link #remainingTokens}.
 *
 * <p>The blocks stay the call's.
 */
final class LocalPrefill {
  /**
   * What it took.
   *
   * @param cachedTokens found in this worker's cache
   * @param computedTokens computed
   * @param computeNanos time of the steps that computed some of them
   * @param joules its share of these steps' energy; empty where the hardware profile has no watts
   */
  record Account(int cachedTokens, int computedTokens, long computeNanos, OptionalDouble joules) {}

  private final DecodeCall call;
  private final DecodeTask task;
  private final List<Block> blocks;
  private final int cachedTokens;
  private volatile int readyTokens;
  private long computeNanos;
  private final EnergySum energy = new EnergySum();

  /**
   * A prompt of which the first blocks are in place.
   *
   * @param blocks of the prompt, in order
   * @param cachedTokens whose KV is in them already; fewer than the prompt has
   */
  LocalPrefill(DecodeCall call, DecodeTask task, List<Block> blocks, int cachedTokens) {
    this.call = call;
    this.task = task;
    this.blocks = List.copyOf(blocks);
    this.cachedTokens = cachedTokens;
    this.readyTokens = cachedTokens;
  }

  DecodeCall call() {
    return call;
  }

  /** Prompt tokens still to compute. */
  int remainingTokens() {
    return task.prompt().length - readyTokens;
  }

  /** The next tokens to compute, at most {@code budget}; with logits if they end the prompt. */
  // NullAway loses the @Nullable of an array in another module's record: Span.logits may be null.
  @SuppressWarnings("NullAway")
  Span nextSpan(int budget, int vocabulary) {
    int from = readyTokens;
    int to = Math.min(task.prompt().length, from + budget);
    float @Nullable [] logits = to == task.prompt().length ? new float[vocabulary] : null;
    return new Span(Arrays.copyOfRange(task.prompt(), from, to), from, blocks, logits);
  }

  /**
   * Takes note of a computed span and publishes the blocks that it filled.
   *
   * @param joules its share of the step's energy, where it is known
   * @return the first token of every choice, in order, once the prompt is read
   */
  Optional<List<SampledToken>> computed(
      Span span, BlockPool pool, long nanos, OptionalDouble joules) {
    int blockTokens = pool.layout().blockTokens();
    for (int i = span.start() / blockTokens; i < span.end() / blockTokens; i++) {
      pool.publish(blocks.get(i), task.promptKeys().get(i));
    }
    readyTokens = span.end();
    computeNanos += nanos;
    energy.add(joules);
    float @Nullable [] logits = span.logits();
    return logits == null
        ? Optional.empty()
        : Optional.of(
            Sampler.first(
                    logits, task.sampling(), task.prompt(), task.choices(), task.topLogprobs())
                .stream()
                .map(token -> token.toProto())
                .toList());
  }

  /** What it took until now. */
  Account account() {
    return new Account(cachedTokens, readyTokens - cachedTokens, computeNanos, energy.value());
  }
}
