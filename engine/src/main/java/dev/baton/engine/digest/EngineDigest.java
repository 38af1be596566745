package dev.baton.engine.digest;

import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Digests of the logits and KV that an engine makes of a fixed workload ({@link DigestWorkload}).
 * Two engines of one model with equal digests compute the same bits; nothing of how they compute
 * (threads, vector width, machine) is in it.
 *
 * <p>The workload is computed twice. First in mixed batches: sequences join one after the other,
 * their prompts come in chunks of 1 to 61 tokens, next to steps of those whose prompts are done.
 * Then each alone, as if it had lost its worker: prompt and half of its steps at once, the rest one
 * by one. Memory that nobody wrote holds NaN the first time and huge numbers the second. A
 * batch-invariant engine makes the same bits both times, and this is checked.
 *
 * @param tokens length of the longest sequence
 * @param blockTokens tokens of a KV block, at which sums of attention part
 * @param logits SHA-256 of one line each, with a line feed after it: of each sequence, the
 *     positions from the prompt's last on, the SHA-256 of their logits as little-endian binary32
 * @param kv the same of each sequence's blocks, whole
 */
public record EngineDigest(int tokens, int blockTokens, String logits, String kv) {
  /** Of the longest sequence, where nobody asks for another length. */
  public static final int DEFAULT_TOKENS = 300;

  private static final int[] CHUNKS = {16, 1, 61, 7, 33};

  /** A NaN, and a number so large that products with it are infinite. */
  private static final byte UNWRITTEN_FIRST = (byte) 0xff;

  private static final byte UNWRITTEN_AGAIN = 0x7f;

  /**
   * Computes the workload; blocks meanwhile. The engine must not be in use.
   *
   * @param tokens length of the longest sequence, about a quarter of all tokens that are computed
   * @param progress is told what is being done
   * @throws IllegalArgumentException if {@code tokens} is not from 1 to the model's context
   * @throws dev.baton.engine.EngineException if the bits were not the same both times, or if the
   *     model's logits are not numbers
   */
  public static EngineDigest of(Engine engine, int tokens, Consumer<String> progress) {
    if (tokens < 1 || tokens > engine.contextTokens()) {
      throw new IllegalArgumentException(
          "tokens: " + tokens + ", expected 1 to the context's " + engine.contextTokens());
    }
    DigestWorkload workload = DigestWorkload.of(engine.vocabulary(), tokens);
    List<Outcome> outcomes;
    try (BlockPool pool = new BlockPool(engine.layout(), workload.blocks(engine.layout()))) {
      progress.accept("computing " + workload.sequences().size() + " sequences in mixed batches");
      outcomes = inMixedBatches(engine, pool, workload);
      progress.accept("computing each of them again, alone");
      for (Outcome each : outcomes) {
        each.requireEqual(alone(engine, pool, workload, each.sequence()));
      }
    }
    return new EngineDigest(
        tokens,
        engine.layout().blockTokens(),
        ofLines(outcomes.stream().flatMap(each -> each.logits().values().stream()).toList()),
        ofLines(outcomes.stream().flatMap(each -> each.kv().stream()).toList()));
  }

  /**
   * The one digest that stands for all: SHA-256 of a line of its own and one for each component.
   */
  public String value() {
    return ofLines(
        List.of(
            "baton-digest-1",
            "tokens " + tokens,
            "block tokens " + blockTokens,
            "logits " + logits,
            "kv " + kv));
  }

  private static String ofLines(List<String> lines) {
    return Sha256.of(String.join("\n", lines) + "\n");
  }

  private static List<Outcome> inMixedBatches(
      Engine engine, BlockPool pool, DigestWorkload workload) {
    List<Passage> all = new ArrayList<>();
    for (int number = 0; number < workload.sequences().size(); number++) {
      int length = workload.sequences().get(number).length;
      int steps = DigestWorkload.steps(length);
      all.add(passage(number, length - steps, pool, workload, UNWRITTEN_FIRST));
    }
    try {
      return outcomes(engine, all);
    } finally {
      all.forEach(each -> pool.release(each.blocks()));
    }
  }

  private static List<Outcome> outcomes(Engine engine, List<Passage> all) {
    for (int round = 0; all.stream().anyMatch(each -> !each.finished()); round++) {
      List<Passage> members = new ArrayList<>();
      List<Span> batch = new ArrayList<>();
      for (int number = 0; number < Math.min(round + 1, all.size()); number++) {
        Passage each = all.get(number);
        if (!each.finished()) {
          members.add(each);
          batch.add(each.next(engine, CHUNKS[(round + number) % CHUNKS.length]));
        }
      }
      engine.run(batch);
      for (int i = 0; i < batch.size(); i++) {
        members.get(i).computed(batch.get(i));
      }
    }
    return all.stream().map(Passage::outcome).toList();
  }

  private static Outcome alone(Engine engine, BlockPool pool, DigestWorkload workload, int number) {
    int length = workload.sequences().get(number).length;
    int lost = DigestWorkload.steps(length) / 2;
    Passage passage = passage(number, length - lost, pool, workload, UNWRITTEN_AGAIN);
    try {
      while (!passage.finished()) {
        Span span = passage.next(engine, length);
        engine.run(List.of(span));
        passage.computed(span);
      }
      return passage.outcome();
    } finally {
      pool.release(passage.blocks());
    }
  }

  private static Passage passage(
      int number, int inChunks, BlockPool pool, DigestWorkload workload, byte unwritten) {
    int[] tokens = workload.sequences().get(number);
    List<Block> blocks =
        Objects.requireNonNull(
            pool.tryReserve(pool.layout().blocksFor(tokens.length)), "the pool has room for all");
    blocks.forEach(each -> each.bytes().fill(unwritten));
    return new Passage(number, tokens, inChunks, blocks);
  }
}
