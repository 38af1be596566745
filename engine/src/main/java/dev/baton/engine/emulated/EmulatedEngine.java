package dev.baton.engine.emulated;

import dev.baton.engine.Engine;
import dev.baton.engine.EngineException;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.engine.SpanCheck;
import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine that computes nothing.
 *
 * <h2>Guarantees beyond those of {@link Engine}</h2>
 *
 * <ul>
 *   <li>A step takes the time that {@link StepTimes} says, or longer where filling and checking
 *       memory takes longer than that; layers are reported evenly over it.
 *   <li>Planes are filled with bytes that depend on the tokens up to the position, the layer and
 *       the kind, and on nothing else. Logits depend on the tokens alone: disaggregated, batched or
 *       recovered, a stream is the same stream.
 *   <li><b>Before each use all earlier KV of a span is checked</b>, every byte. What is wrong is
 *       counted, and the span's logits are NaN, which fails its request and no other; a span that
 *       wants no logits fails the batch.
 *   <li>{@link #run} and {@link #close} exclude each other.
 * </ul>
 */
public final class EmulatedEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(EmulatedEngine.class);
  private static final int CANDIDATES = 24;
  private static final float UNLIKELY = -30;
  private static final float LIKELIEST = 8;

  private final EmulatedModel model;
  private final StepTimes times;
  private final Pace pace;
  private final SpanCheck check;
  private final Filling filling;
  private final long[] links; // of the block that is looked at; while running only
  private final long root;
  private final LongAdder wrong = new LongAdder();
  private boolean closed;

  /** An engine in real time. */
  public EmulatedEngine(EmulatedModel model, StepTimes times) {
    this(model, times, Pace.REAL);
  }

  /** An engine in this time. */
  public EmulatedEngine(EmulatedModel model, StepTimes times, Pace pace) {
    this.model = model;
    this.times = times;
    this.pace = pace;
    this.check = new SpanCheck(model.vocabulary(), model.contextTokens(), model.layout());
    this.filling = new Filling(model.layout());
    this.links = new long[model.layout().blockTokens()];
    this.root = TokenChain.root(model.lineage());
  }

  @Override
  public Layout layout() {
    return model.layout();
  }

  @Override
  public Lineage lineage() {
    return model.lineage();
  }

  @Override
  public int vocabulary() {
    return model.vocabulary();
  }

  @Override
  public int contextTokens() {
    return model.contextTokens();
  }

  /** Spans, so far, whose earlier KV was not what it should have been. */
  public long wrongSpans() {
    return wrong.sum();
  }

  @Override
  public synchronized void run(List<Span> batch, LayerListener listener) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    long start = pace.nanos();
    check.check(batch);
    long duration = (long) (times.seconds(batch) * 1e9);
    long[][] chains = new long[batch.size()][];
    for (int i = 0; i < chains.length; i++) {
      chains[i] = chain(batch.get(i));
    }
    int layers = model.layout().layers();
    for (int layer = 0; layer < layers; layer++) {
      for (int i = 0; i < chains.length; i++) {
        write(batch.get(i), layer, chains[i]);
      }
      pace.until(start + duration * (layer + 1) / layers);
      for (Span span : batch) {
        listener.layerWritten(span, layer, span.end());
      }
    }
  }

  /** Checks what is before the span; the chain's numbers of its own positions, and its logits. */
  private long[] chain(Span span) {
    long link = root;
    boolean good = true;
    for (int position = 0; position < span.start() && good; position += links.length) {
      int tokens = Math.min(links.length, span.start() - position);
      Block block = span.blocks().get(position / links.length);
      filling.read(block, tokens, links);
      for (int i = 0; i < tokens; i++) {
        good &= TokenChain.follows(link, links[i], model.vocabulary());
        link = links[i];
      }
      good &= filling.holds(block, tokens, links);
      if (!good) {
        reportWrong(position, position + tokens, span);
      }
    }
    filling.clear(span.blocks(), span.start(), span.end());
    long[] chain = new long[span.tokens().length];
    for (int i = 0; i < chain.length; i++) {
      link = TokenChain.next(link, span.tokens()[i]);
      chain[i] = link;
    }
    float[] logits = span.logits();
    if (logits != null) {
      fillLogits(logits, good ? link : 0, good);
    }
    return chain;
  }

  private void reportWrong(int from, int to, Span span) {
    wrong.increment();
    String what =
        "KV of positions %d to %d of %d is not what the tokens up to them make"
            .formatted(from, to - 1, span.start());
    LOG.error(what);
    if (span.logits() == null) {
      throw new EngineException(EngineException.Code.KV_WRONG, what);
    }
  }

  private static void fillLogits(float[] logits, long link, boolean good) {
    if (!good) {
      Arrays.fill(logits, Float.NaN);
      return;
    }
    Arrays.fill(logits, UNLIKELY);
    for (int i = 0; i < CANDIDATES; i++) {
      long draw = TokenChain.mix(link + i);
      int token = (int) Long.remainderUnsigned(draw, logits.length);
      logits[token] = LIKELIEST * (draw >>> 40) / (1 << 24);
    }
  }

  private void write(Span span, int layer, long[] chain) {
    for (int i = 0; i < chain.length; i++) {
      filling.write(span.blocks(), span.start() + i, layer, chain[i]);
    }
  }

  /** Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
  }
}
