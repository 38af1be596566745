package dev.baton.engine.digest;

import dev.baton.engine.Engine;
import dev.baton.engine.EngineException;
import dev.baton.engine.EngineException.Code;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One sequence on its way through an engine: so many tokens in chunks, then one by one, with the
 * logits of the last token in a chunk and of each after it.
 */
final class Passage {
  private final int number;
  private final int[] tokens;
  private final int inChunks;
  private final List<Block> blocks;
  private final SortedMap<Integer, String> logits = new TreeMap<>();
  private int done;

  Passage(int number, int[] tokens, int inChunks, List<Block> blocks) {
    this.number = number;
    this.tokens = tokens;
    this.inChunks = inChunks;
    this.blocks = blocks;
  }

  boolean finished() {
    return done == tokens.length;
  }

  /** What comes next, at most {@code chunk} tokens of it; counts as computed from now on. */
  Span next(Engine engine, int chunk) {
    int end = done < inChunks ? Math.min(inChunks, done + chunk) : done + 1;
    float[] wanted = end < inChunks ? null : new float[engine.vocabulary()];
    Span span = new Span(Arrays.copyOfRange(tokens, done, end), done, blocks, wanted);
    done = end;
    return span;
  }

  /**
   * Takes a span's logits in, after it ran.
   *
   * @throws EngineException if one is not a number: equal nonsense proves nothing
   */
  void computed(Span span) {
    float[] wanted = span.logits();
    if (wanted == null) {
      return;
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(wanted.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float each : wanted) {
      if (!Float.isFinite(each)) {
        throw new EngineException(
            Code.LOGITS_NOT_FINITE,
            "sequence %d: a logit at position %d is %s".formatted(number, span.end() - 1, each));
      }
      bytes.putFloat(each);
    }
    logits.put(span.end() - 1, Sha256.of(bytes.flip()));
  }

  Outcome outcome() {
    return new Outcome(
        number,
        logits,
        blocks.stream().map(each -> Sha256.of(each.bytes().asByteBuffer())).toList());
  }

  List<Block> blocks() {
    return blocks;
  }
}
