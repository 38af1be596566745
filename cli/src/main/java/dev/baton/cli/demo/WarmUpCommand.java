package dev.baton.cli.demo;

import dev.baton.cli.local.RouterReadiness;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.decode.DecodeWorker;
import dev.baton.engine.Engine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.engine.warm.WarmEngine;
import dev.baton.kv.transport.Connections;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import dev.baton.prefill.PrefillWorker;
import dev.baton.router.Router;
import dev.baton.router.RouterConfig;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;

/**
 * A demo within one process: it uses the classes of all processes once, so that the launcher can
 * have the JVM archive them. Every process then starts with half the work. Not for users.
 */
@Command(
    name = "warm-up",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "Uses the classes of every process once; the launcher archives them.",
    footer = "For the launcher alone.")
public final class WarmUpCommand implements Callable<Integer> {
  private static final RandomModel.Shape SHAPE =
      new RandomModel.Shape(1, 16, 32, 2, 1, 512, 512, true, WeightDtype.F32);
  private static final String HOST = "127.0.0.1";
  private static final String MODEL = "warm-up";
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int BLOCKS = 64;
  private static final int BLOCK_TOKENS = 16;
  private static final int CHUNK_TOKENS = 64;
  private static final int QUEUE = 4;

  @Override
  public Integer call() throws Exception {
    ProcessLogging.start("warm-up", "warm-up", Level.INFO);
    try (TemporaryDirectory directory = TemporaryDirectory.create("baton-warm-up-")) {
      Path model = directory.path().resolve(MODEL);
      RandomModel.write(model, SHAPE, 1);
      try (EmbeddedZooKeeper zooKeeper =
              EmbeddedZooKeeper.start(directory.path().resolve("zookeeper"), 0);
          DecodeWorker _ = DecodeWorker.start(decode(zooKeeper), engine(model), Optional.empty());
          PrefillWorker _ =
              PrefillWorker.start(prefill(zooKeeper), engine(model), Optional.empty());
          Router router = Router.start(router(model, zooKeeper))) {
        converse(HOST + ":" + router.httpPort());
      }
    }
    return 0;
  }

  private static void converse(String endpoint) throws InterruptedException {
    RouterReadiness.await(endpoint, LIMIT);
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    try (DemoConversation conversation = new DemoConversation(endpoint, MODEL, nowhere::print)) {
      conversation.say("Warm up.");
    }
  }

  private static Engine engine(Path model) {
    return WarmEngine.start(model, BLOCK_TOKENS, 1, WeightStore.none());
  }

  private static PrefillWorker.Config prefill(EmbeddedZooKeeper zooKeeper) {
    return new PrefillWorker.Config(
        worker("prefill", zooKeeper),
        CHUNK_TOKENS,
        Optional.empty(),
        Connections.Wire.ANY,
        PrefillWorker.Config.DEFAULT_KV_STREAMS);
  }

  private static DecodeWorker.Config decode(EmbeddedZooKeeper zooKeeper) {
    return new DecodeWorker.Config(
        worker("decode", zooKeeper), OptionalInt.empty(), DecodeWorker.Config.DEFAULT_CHUNK_TOKENS);
  }

  private static WorkerConfig worker(String id, EmbeddedZooKeeper zooKeeper) {
    return new WorkerConfig(
        id,
        MODEL,
        HOST + ":" + zooKeeper.port(),
        HOST,
        0,
        0,
        0,
        AdvertisedEndpoints.asBound(),
        WorkerConfig.DEFAULT_POOL,
        BLOCKS,
        QUEUE,
        LIMIT,
        DrainLimits.of(LIMIT),
        LIMIT);
  }

  private static RouterConfig router(Path model, EmbeddedZooKeeper zooKeeper) {
    return new RouterConfig(
        "router",
        model,
        MODEL,
        HOST + ":" + zooKeeper.port(),
        HOST,
        0,
        0,
        CHUNK_TOKENS,
        LIMIT,
        LIMIT,
        "warm-up, and then never again");
  }
}
