package dev.baton.cli.node;

import dev.baton.cli.machine.WeightOptions;
import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.engine.Engine;
import dev.baton.engine.emulated.EmulatedEngine;
import dev.baton.engine.warm.WarmEngine;
import java.util.Optional;
import picocli.CommandLine.Mixin;

/** What every worker is told, whatever its roles. */
final class WorkerOptions {
  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private MemberOptions member = new MemberOptions();
  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private EmulationOptions emulation = new EmulationOptions();
  @Mixin private HardwareOptions hardware = new HardwareOptions();
  @Mixin private WeightOptions weights = new WeightOptions();

  MemberOptions member() {
    return member;
  }

  EngineOptions engine() {
    return engine;
  }

  /**
   * How a worker runs, whatever its role.
   *
   * @throws IllegalArgumentException naming what cannot be
   */
  WorkerConfig config(String id, WorkerPorts ports) {
    engine.check();
    return new WorkerConfig(
        id,
        model.name(),
        member.zookeeper(),
        member.host(),
        ports.control(),
        ports.kv(),
        ports.admin(),
        ports.advertised(),
        engine.pool(),
        engine.blocks(emulation.blockBytes(model, engine.blockTokens())),
        engine.maxQueue(),
        member.stallLimit(),
        new DrainLimits(member.drainLimit(), engine.drainMove()),
        engine.sessionTimeout());
  }

  /**
   * Times of the model on the worker's hardware, by this process's clock: of emulated hardware
   * those that the engine takes.
   *
   * @throws IllegalArgumentException naming the flag that is wrong
   */
  PhaseModel phases() {
    return emulation.paced(hardware.phases(emulation.spec(model)));
  }

  /**
   * The embedded engine, loaded and warm. Blocking.
   *
   * @throws dev.baton.model.ModelException if the model directory cannot be used
   */
  Engine embedded() {
    return WarmEngine.start(
        model.directory(), engine.blockTokens(), engine.threads(), weights.store());
  }

  /** The engine, where it is emulated. */
  Optional<EmulatedEngine> emulated(PhaseModel phases) {
    return emulation.engine(model, engine.blockTokens(), phases);
  }
}
