package dev.baton.engine.warm;

import dev.baton.engine.Engine;
import dev.baton.engine.WarmUp;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.model.ModelDirectory;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An embedded engine that can serve at its full speed from the first request on. */
public final class WarmEngine {
  private static final Logger LOG = LoggerFactory.getLogger(WarmEngine.class);

  /** A machine that is busy with other things takes its time to compile. */
  private static final Duration WARM_UP_LIMIT = Duration.ofSeconds(10);

  private WarmEngine() {}

  /**
   * Loads a model and warms its engine up. Blocking.
   *
   * @param model a Hugging Face model directory
   * @param blockTokens tokens in a KV block
   * @param threads that compute
   * @param store of packed weights
   * @throws dev.baton.model.ModelException if the model directory cannot be used
   * @throws dev.baton.engine.EngineException if a weight of F16 is not finite
   */
  public static Engine start(Path model, int blockTokens, int threads, WeightStore store) {
    long begin = System.nanoTime();
    Engine engine = CpuEngine.load(ModelDirectory.open(model), blockTokens, threads, store);
    long loaded = System.nanoTime();
    LOG.info("loaded {} in {} ms", model, (loaded - begin) / 1_000_000);
    try {
      boolean warm = WarmUp.run(engine, WARM_UP_LIMIT);
      LOG.info(
          "the engine {} after {} ms more",
          warm ? "is warm" : "serves, though the JVM still compiles,",
          (System.nanoTime() - loaded) / 1_000_000);
      return engine;
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }
}
