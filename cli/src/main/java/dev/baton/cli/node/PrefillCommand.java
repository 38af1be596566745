package dev.baton.cli.node;

import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.prefill.PrefillWorker;
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

/** {@code baton worker prefill}. */
@Command(
    name = "prefill",
    mixinStandardHelpOptions = true,
    description = "A prefill worker: reads prompts, and hands their KV over to decode workers.",
    footerHeading = "%nExample:%n",
    footer =
        "  baton worker prefill --model ~/models/llama --zookeeper 127.0.0.1:2181 --kv-memory 8g")
final class PrefillCommand implements Callable<Integer> {
  private static final String ROLE = "prefill";

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private MemberOptions member = new MemberOptions();
  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private DiskTierOptions disk = new DiskTierOptions();
  @Mixin private LifeOptions life = new LifeOptions();

  @Option(
      names = "--kv-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description =
          "Port where other workers fetch cached KV from. 0, the default, picks a free one.")
  private int kvPort;

  @Option(
      names = "--advertised-kv-endpoint",
      paramLabel = "HOST:PORT",
      description = "Where other workers fetch from, where it is not the bound address.")
  private @Nullable String advertisedKvEndpoint;

  @Option(
      names = "--chunk-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Most prompt tokens in one step. Default: ${DEFAULT-VALUE}.")
  private int chunkTokens;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    life.begin();
    PrefillWorker.Config config = ConfigCheck.check(spec.commandLine(), this::config);
    ProcessLogging.start(ROLE, config.id(), member.logLevel());
    PrefillWorker worker = PrefillWorker.start(config);
    Map<String, String> endpoints = new LinkedHashMap<>();
    endpoints.put("control", worker.controlEndpoint());
    endpoints.put("kv", worker.kvEndpoint());
    endpoints.put("admin", worker.adminEndpoint());
    life.serve(worker, ReadyLine.ofThisProcess(ROLE, config.id(), endpoints));
    return 0;
  }

  private PrefillWorker.Config config() {
    return new PrefillWorker.Config(
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
        chunkTokens,
        engine.maxQueue(),
        member.stallLimit(),
        member.drainLimit(),
        engine.sessionTimeout(),
        disk.config());
  }
}
