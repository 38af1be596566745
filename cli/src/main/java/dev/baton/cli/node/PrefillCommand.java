package dev.baton.cli.node;

import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.engine.emulated.EmulatedEngine;
import dev.baton.kv.transport.Connections;
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
  @Mixin private EmulationOptions emulation = new EmulationOptions();
  @Mixin private HardwareOptions hardware = new HardwareOptions();
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

  @Option(
      names = "--kv-wire",
      paramLabel = "any|unix|tcp",
      defaultValue = "ANY",
      description = {
        "What KV leaves by. any: shared memory or a Unix socket to decode workers on this",
        "host, TCP to others; unix: no shared memory; tcp: TCP to all. Default: any."
      })
  private Connections.Wire wire = Connections.Wire.ANY;

  @Option(
      names = "--kv-streams",
      paramLabel = "N",
      defaultValue = "1",
      description = {
        "Most streams that a handoff of 8 MiB or more leaves by, each on a connection of its own,",
        "where it does not go through shared memory. Default: ${DEFAULT-VALUE}."
      })
  private int kvStreams;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    life.begin();
    PrefillWorker.Config config = ConfigCheck.check(spec.commandLine(), this::config);
    PhaseModel phases =
        ConfigCheck.check(spec.commandLine(), () -> hardware.phases(emulation.spec(model)));
    ProcessLogging.start(ROLE, config.id(), member.logLevel());
    Optional<PhaseModel> told = Optional.of(phases);
    Optional<EmulatedEngine> emulated = emulation.engine(model, engine.blockTokens(), phases);
    PrefillWorker worker =
        emulated.isPresent()
            ? PrefillWorker.start(config, emulated.get(), told)
            : PrefillWorker.start(config, told);
    emulated.ifPresent(each -> EmulationOptions.watch(each, worker.meters()));
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
        engine.blocks(emulation.blockBytes(model, engine.blockTokens())),
        engine.blockTokens(),
        engine.threads(),
        chunkTokens,
        engine.maxQueue(),
        member.stallLimit(),
        member.drainLimit(),
        engine.sessionTimeout(),
        disk.config(),
        wire,
        kvStreams);
  }
}
