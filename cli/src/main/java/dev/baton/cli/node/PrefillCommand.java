package dev.baton.cli.node;

import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.engine.Engine;
import dev.baton.engine.emulated.EmulatedEngine;
import dev.baton.prefill.PrefillWorker;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

  @Mixin private WorkerOptions common = new WorkerOptions();
  @Mixin private PrefillOptions prefill = new PrefillOptions();
  @Mixin private PortOptions ports = new PortOptions();
  @Mixin private LifeOptions life = new LifeOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    life.begin();
    PrefillWorker.Config config = ConfigCheck.check(spec.commandLine(), this::config);
    PhaseModel phases = ConfigCheck.check(spec.commandLine(), common::phases);
    ProcessLogging.start(ROLE, config.common().id(), common.member().logLevel());
    Optional<EmulatedEngine> emulated = common.emulated(phases);
    Engine engine = emulated.isPresent() ? emulated.get() : common.embedded();
    PrefillWorker worker = PrefillWorker.start(config, engine, Optional.of(phases));
    emulated.ifPresent(each -> EmulationOptions.watch(each, worker.meters()));
    worker.onDrainOrder(LifeOptions::end);
    life.serve(
        worker,
        ReadyLine.ofThisProcess(ROLE, config.common().id(), worker.endpoints().byName()),
        common.member().drainLimit());
    return 0;
  }

  private PrefillWorker.Config config() {
    return prefill.config(common.member().id(ROLE), common, ports.ports());
  }
}
