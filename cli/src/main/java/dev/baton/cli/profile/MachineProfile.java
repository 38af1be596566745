package dev.baton.cli.profile;

import com.sun.management.OperatingSystemMXBean;
import dev.baton.cli.machine.Crew;
import dev.baton.cli.machine.MachineLimits;
import dev.baton.cli.shell.Progress;
import dev.baton.cluster.hardware.Dtype;
import dev.baton.cluster.hardware.HardwareProfile;
import dev.baton.cluster.hardware.HardwareProfile.Efficiency;
import dev.baton.cluster.hardware.HardwareProfile.Link;
import dev.baton.cluster.hardware.HardwareProfile.Memory;
import dev.baton.cluster.hardware.HardwareProfile.Overhead;
import dev.baton.cluster.hardware.MeasuredCurves;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.engine.Engine;
import dev.baton.engine.WarmUp;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.model.ModelDirectory;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What was measured of this machine.
 *
 * @param profile as workers take it
 * @param copyBytesPerSecond of memory; bytes that were copied, not read and written
 */
record MachineProfile(HardwareProfile profile, double copyBytesPerSecond) {
  private static final Duration WARM_UP = Duration.ofSeconds(3);
  private static final int BLOCK_TOKENS = 16;
  private static final Link ASSUMED_NETWORK = new Link(1.25e9, 100e-6);
  private static final Overhead ASSUMED_OVERHEAD = new Overhead(100e-6, 10e-6);
  private static final Efficiency ASSUMED_EFFICIENCY = new Efficiency(0.5, 0.7, 0.8);

  static MachineProfile measure(
      String name,
      Crew crew,
      long memoryBytes,
      Optional<ModelDirectory> model,
      WeightStore store,
      Progress progress)
      throws InterruptedException {
    MachineLimits limits = MachineLimits.measure(crew, memoryBytes, progress);
    String when = "measured by baton profile hardware on " + LocalDate.now(ZoneId.systemDefault());
    Map<String, String> sources = new LinkedHashMap<>();
    sources.put("compute", when + ": fused multiply-adds of " + MachineLimits.lanes());
    sources.put(
        "memory",
        String.format(
            Locale.ROOT,
            "capacity: of the operating system; bandwidth: %s, reading; copying moves %.3g GB/s",
            when,
            limits.copyBytesPerSecond() / 1e9));
    for (String assumed : List.of("network", "overhead", "efficiency")) {
      sources.put(assumed, "assumption");
    }
    HardwareProfile bare =
        new HardwareProfile(
            name,
            System.getProperty("os.arch") + " with " + crew.members() + " threads",
            Map.of(Dtype.FP32, limits.flopsPerSecond()),
            new Memory(physicalMemory(), limits.readBytesPerSecond()),
            Optional.empty(),
            ASSUMED_NETWORK,
            Optional.empty(),
            OptionalDouble.empty(),
            ASSUMED_EFFICIENCY,
            ASSUMED_OVERHEAD,
            List.of(),
            sources);
    HardwareProfile profile = bare;
    if (model.isPresent()) {
      MeasuredCurves curves = curves(model.get(), crew.members(), store, progress);
      sources.put("efficiency", when + " with " + curves.model() + "; link: assumption");
      sources.put("curves", when);
      Efficiency efficiency = efficiency(bare, ModelSpecs.embedded(model.get()), curves);
      profile = with(bare, efficiency, curves, sources);
    }
    return new MachineProfile(profile, limits.copyBytesPerSecond());
  }

  private static MeasuredCurves curves(
      ModelDirectory model, int threads, WeightStore store, Progress progress) {
    progress.step("loading " + model.name());
    try (Engine engine = CpuEngine.load(model, BLOCK_TOKENS, threads, store)) {
      progress.step("warming up");
      WarmUp.run(engine, WARM_UP);
      return new EngineTimes(engine, progress).measure(model.name());
    }
  }

  /** What of the peaks the longest prompt and a step of one short sequence reached. */
  private static Efficiency efficiency(
      HardwareProfile bare, ModelSpec model, MeasuredCurves curves) {
    Efficiency full = new Efficiency(1, 1, 1);
    PhaseModel ideal = new PhaseModel(with(bare, full, curves, Map.of()), 1, model);
    int prompt = 256;
    int context = 64;
    var read = ideal.prefill(prompt, 0);
    var write = ideal.decodeStep(1, context);
    return new Efficiency(
        share(read.compute() / read.total()),
        share(write.memory() / write.total()),
        ASSUMED_EFFICIENCY.link());
  }

  /** Weights may come from a cache faster than from memory. */
  private static double share(double ratio) {
    return Math.clamp(Math.round(ratio * 1000) / 1000.0, 0.001, 1);
  }

  private static HardwareProfile with(
      HardwareProfile bare,
      Efficiency efficiency,
      MeasuredCurves curves,
      Map<String, String> sources) {
    return new HardwareProfile(
        bare.name(),
        bare.description(),
        bare.compute(),
        bare.memory(),
        bare.interconnect(),
        bare.network(),
        bare.watts(),
        bare.price(),
        efficiency,
        bare.overhead(),
        List.of(curves),
        sources);
  }

  private static double physicalMemory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
