package dev.baton.cli.node;

import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.decode.DecodeWorker;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton worker decode}. */
@Command(
    name = "decode",
    mixinStandardHelpOptions = true,
    description = "A decode worker: takes the KV of prompts in, and writes answers token by token.",
    footerHeading = "%nExample:%n",
    footer =
        "  baton worker decode --model ~/models/llama --zookeeper 127.0.0.1:2181 --kv-memory 8g")
final class DecodeCommand implements Callable<Integer> {
  private static final String ROLE = "decode";

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private MemberOptions member = new MemberOptions();
  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private LifeOptions life = new LifeOptions();

  @Option(
      names = "--kv-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Port where KV comes in and goes out. 0, the default, picks a free one.")
  private int kvPort;

  @Option(
      names = "--advertised-kv-endpoint",
      paramLabel = "HOST:PORT",
      description =
          "Where other workers push to and fetch from, where it is not the bound address.")
  private @Nullable String advertisedKvEndpoint;

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Most sequences in one step. Default: ${DEFAULT-VALUE}.")
  private int maxBatch;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    life.begin();
    DecodeWorker.Config config = ConfigCheck.check(spec.commandLine(), this::config);
    ProcessLogging.start(ROLE, config.id(), member.logLevel());
    DecodeWorker worker = DecodeWorker.start(config);
    Map<String, String> endpoints = new LinkedHashMap<>();
    endpoints.put("control", worker.controlEndpoint());
    endpoints.put("kv", worker.kvEndpoint());
    endpoints.put("admin", worker.adminEndpoint());
    life.serve(worker, ReadyLine.ofThisProcess(ROLE, config.id(), endpoints));
    return 0;
  }

  private DecodeWorker.Config config() {
    return new DecodeWorker.Config(
        member.id(ROLE),
        model.directory(),
        model.name(),
        member.zookeeper(),
        member.host(),
        engine.controlPort(),
        kvPort,
        engine.adminPort(),
        Optional.ofNullable(advertisedKvEndpoint),
        engine.pool(),
        engine.blocks(model),
        engine.blockTokens(),
        engine.threads(),
        engine.maxQueue(),
        maxBatch,
        member.stallLimit(),
        member.drainLimit(),
        engine.sessionTimeout());
  }
}
