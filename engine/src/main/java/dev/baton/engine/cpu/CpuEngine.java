package dev.baton.engine.cpu;

import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.model.ModelDirectory;
import java.util.List;

/** The embedded engine: a Llama on the CPU. */
public final class CpuEngine implements Engine {
  private CpuEngine() {}

  /**
   * Loads a model. Blocks for as long as its weights take to read.
   *
   * @param directory a Hugging Face model directory
   * @param blockTokens tokens in a KV block
   * @param threads that compute, the caller of {@link #run} included
   * @throws dev.baton.model.ModelException if the directory's weights cannot be used
   */
  public static CpuEngine load(ModelDirectory directory, int blockTokens, int threads) {
    if (threads > 0) {
      throw new UnsupportedOperationException("" + directory + blockTokens + threads);
    }
    return new CpuEngine();
  }

  @Override
  public Layout layout() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Lineage lineage() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int vocabulary() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int contextTokens() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void run(List<Span> batch) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
