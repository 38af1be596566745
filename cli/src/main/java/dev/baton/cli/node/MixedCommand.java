package dev.baton.cli.node;

import dev.baton.cli.node.MixedRoles.Running;
import dev.baton.cli.node.MixedRoles.Start;
import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.phase.MixedChunk;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.pools.MixedName;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.cluster.worker.WorkerEndpoints;
import dev.baton.decode.DecodeWorker;
import dev.baton.engine.Engine;
import dev.baton.engine.emulated.EmulatedEngine;
import dev.baton.engine.emulated.StepTimes;
import dev.baton.engine.shared.SharedEngine;
import dev.baton.prefill.PrefillWorker;
import dev.baton.proto.internal.v1.WorkerRole;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton worker mixed}. */
@Command(
    name = "mixed",
    mixinStandardHelpOptions = true,
    description = {
      "A prefill worker and a decode worker on one chip: one engine, whose steps hold the work of both.",
      "They are members of the cluster as NAME-prefill and NAME-decode. Each has blocks of its own:",
      "--kv-memory, or --blocks, for each. 'baton pool move NAME' takes a role away, and gives it",
      "back, without a restart; without such a rule it has both."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton worker mixed --id gpu-7 --model ~/models/llama --zookeeper zk:2181 --kv-memory 8g",
      "  baton pool move gpu-7 --to decode --zookeeper zk:2181"
    })
final class MixedCommand implements Callable<Integer> {
  private static final String KIND = "mixed";
  private static final int PORTS = 6;
  private static final int LAST_FIRST_PORT = 65_536 - PORTS;

  @Mixin private WorkerOptions common = new WorkerOptions();
  @Mixin private PrefillOptions prefill = new PrefillOptions();
  @Mixin private DecodeOptions decode = new DecodeOptions();
  @Mixin private LifeOptions life = new LifeOptions();

  @Option(
      names = "--first-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = {
        "First of six ports: control, KV and admin of prefill, then the same of decode.",
        "0, the default, picks free ones, and others when a role comes back."
      })
  private int firstPort;

  @Option(
      names = "--mixed-chunk",
      paramLabel = "TOKENS",
      description = {
        "Most prompt tokens of the prefill role in a step that also gives sequences a token.",
        "Default: as few as the hardware reads at four fifths of its speed with --chunk-tokens, 32",
        "at least."
      })
  private @Nullable Integer mixedChunk;

  @Spec private CommandSpec spec = CommandSpec.create();

  private record Configs(PrefillWorker.Config prefill, DecodeWorker.Config decode) {}

  @Override
  public Integer call() throws Exception {
    life.begin();
    MixedName name = new MixedName(common.member().id(KIND));
    Configs configs = ConfigCheck.check(spec.commandLine(), () -> configs(name));
    PhaseModel phases = ConfigCheck.check(spec.commandLine(), common::phases);
    ProcessLogging.start(KIND, name.name(), common.member().logLevel());
    Optional<EmulatedEngine> emulated = common.emulated(phases);
    Engine engine = emulated.isPresent() ? emulated.get() : common.embedded();
    Chip chip = new Chip(Optional.of(phases), System::nanoTime);
    StepTimes times = EmulationOptions.times(phases);
    SharedEngine shared =
        new SharedEngine(engine, mixedChunk(configs.prefill(), phases), times::seconds);
    Consumer<MeterRegistry> watch =
        meters -> {
          watch(shared, meters);
          emulated.ifPresent(each -> EmulationOptions.watch(each, meters));
        };
    MixedRoles roles =
        new MixedRoles(
            shared,
            Map.of(
                WorkerRole.WORKER_ROLE_PREFILL,
                prefill(name, configs.prefill(), chip, watch),
                WorkerRole.WORKER_ROLE_DECODE,
                decode(name, configs.decode(), chip, watch)));
    MixedWorker worker =
        MixedWorker.start(
            name, roles, common.member().zookeeper(), common.engine().sessionTimeout());
    // One role ends after the other.
    life.serve(
        worker,
        ReadyLine.ofThisProcess(KIND, name.name(), worker.endpoints()),
        common.member().drainLimit().multipliedBy(2));
    return 0;
  }

  private static Start prefill(
      MixedName name, PrefillWorker.Config config, Chip chip, Consumer<MeterRegistry> watch) {
    Optional<String> other = Optional.of(name.otherMember(WorkerRole.WORKER_ROLE_PREFILL));
    return lease -> {
      WorkMeter work = new WorkMeter(chip, lease::engineNanos);
      PrefillWorker worker = PrefillWorker.start(config, lease, work, other);
      worker.onDrainOrder(LifeOptions::end);
      watch.accept(worker.meters());
      return new Running(worker, endpoints("prefill", worker.endpoints()));
    };
  }

  private static Start decode(
      MixedName name, DecodeWorker.Config config, Chip chip, Consumer<MeterRegistry> watch) {
    Optional<String> other = Optional.of(name.otherMember(WorkerRole.WORKER_ROLE_DECODE));
    return lease -> {
      WorkMeter work = new WorkMeter(chip, lease::engineNanos);
      DecodeWorker worker = DecodeWorker.start(config, lease, work, other);
      worker.onDrainOrder(LifeOptions::end);
      watch.accept(worker.meters());
      return new Running(worker, endpoints("decode", worker.endpoints()));
    };
  }

  private static Map<String, String> endpoints(String role, WorkerEndpoints endpoints) {
    Map<String, String> named = new LinkedHashMap<>();
    endpoints.byName().forEach((name, endpoint) -> named.put(role + "-" + name, endpoint));
    return named;
  }

  private static void watch(SharedEngine engine, MeterRegistry meters) {
    FunctionCounter.builder("baton.joint.steps", engine, SharedEngine::jointSteps)
        .description("steps that read prompts and gave sequences a token at once")
        .register(meters);
  }

  private int mixedChunk(PrefillWorker.Config config, PhaseModel phases) {
    return mixedChunk == null ? MixedChunk.tokens(phases, config.chunkTokens()) : mixedChunk;
  }

  private Configs configs(MixedName name) {
    if (mixedChunk != null && mixedChunk < 1) {
      throw new IllegalArgumentException("--mixed-chunk: " + mixedChunk + ", expected 1 or more");
    }
    if (firstPort < 0 || firstPort > LAST_FIRST_PORT) {
      throw new IllegalArgumentException(
          "--first-port: " + firstPort + ", expected 0 to " + LAST_FIRST_PORT);
    }
    return new Configs(
        prefill.config(name.member(WorkerRole.WORKER_ROLE_PREFILL), common, ports(0)),
        decode.config(name.member(WorkerRole.WORKER_ROLE_DECODE), common, ports(PORTS / 2)));
  }

  private WorkerPorts ports(int offset) {
    int from = firstPort + offset;
    return firstPort == 0
        ? new WorkerPorts(0, 0, 0, AdvertisedEndpoints.asBound())
        : new WorkerPorts(from, from + 1, from + 2, AdvertisedEndpoints.asBound());
  }
}
