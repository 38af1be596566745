package dev.baton.engine.cpu;

import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** A sequence on its way through an engine, with the logits it got so far, by position. */
final class Sequence {
  /** What unwritten memory holds: NaN, or numbers so large that a product with them is infinite. */
  private static final byte[] GARBAGE = {(byte) 0xff, 0x7f};

  private static int sequences;

  private final int[] tokens;
  private final List<Block> blocks = new ArrayList<>();
  private final Map<Integer, float[]> logits = new TreeMap<>();
  private int done;

  /** A sequence whose first {@code cached} blocks are there already, the rest full of garbage. */
  Sequence(int[] tokens, List<Block> cached, BlockPool pool) {
    this.tokens = tokens;
    this.done = cached.size() * pool.layout().blockTokens();
    blocks.addAll(cached);
    byte garbage = GARBAGE[sequences++ % GARBAGE.length];
    int missing = pool.layout().blocksFor(tokens.length) - cached.size();
    for (Block each : Objects.requireNonNull(pool.tryReserve(missing))) {
      each.bytes().fill(garbage);
      blocks.add(each);
    }
  }

  boolean finished() {
    return done == tokens.length;
  }

  int left() {
    return tokens.length - done;
  }

  /** The next {@code count} tokens; counts as computed from now on. */
  Span next(Engine engine, int count) {
    int[] part = Arrays.copyOfRange(tokens, done, done + count);
    float[] out = new float[engine.vocabulary()];
    Span span = new Span(part, done, blocks, out);
    done += count;
    logits.put(done - 1, out);
    return span;
  }

  /** Runs all of it, alone, in chunks of this size. */
  Sequence run(Engine engine, int chunk) {
    while (!finished()) {
      engine.run(List.of(next(engine, Math.min(chunk, left()))));
    }
    return this;
  }

  List<Block> blocks() {
    return blocks;
  }

  Map<Integer, float[]> logits() {
    return logits;
  }

  /** All bytes of all blocks, unused slots included. */
  List<String> bytes() {
    return blocks.stream()
        .map(each -> HexFormat.of().formatHex(each.bytes().toArray(ValueLayout.JAVA_BYTE)))
        .toList();
  }
}
