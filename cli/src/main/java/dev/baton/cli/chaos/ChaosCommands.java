package dev.baton.cli.chaos;

import dev.baton.cli.local.JavaCommand;
import dev.baton.cli.local.WorkerPlan;
import dev.baton.harness.chaos.Member;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Command lines of the parts of a cluster.
 *
 * @param plan what the cluster shall be
 * @param model directory of the model
 * @param tenantSecret file with the secret that all routers share
 * @param zooKeeperPort where ZooKeeper listens
 */
record ChaosCommands(ChaosPlan plan, Path model, Path tenantSecret, int zooKeeperPort) {
  private static final String KV_MEMORY = "32m";

  /** An 8 billion parameter model, with a share of its KV that this machine can check. */
  private static final List<String> EMULATED =
      List.of("--engine", "emulated", "--spec", "llama-3.1-8b", "--kv-fraction", "0.01");

  List<String> zooKeeper(Path data) {
    return JavaCommand.of(
        JavaCommand.SMALL,
        List.of(
            "zookeeper",
            "--port",
            Integer.toString(zooKeeperPort),
            "--data-dir",
            data.toString(),
            "--stop-with-parent"));
  }

  List<String> router(Member member, int httpPort, int grpcPort) {
    return JavaCommand.of(
        JavaCommand.SMALL,
        List.of(
            "router",
            "--id",
            member.toString(),
            "--model",
            model.toString(),
            "--zookeeper",
            "127.0.0.1:" + zooKeeperPort,
            "--http-port",
            Integer.toString(httpPort),
            "--grpc-port",
            Integer.toString(grpcPort),
            "--request-deadline",
            millis(plan.deadline().toMillis()),
            "--stall-limit",
            millis(plan.stallLimit().toMillis()),
            "--tenant-secret-file",
            tenantSecret.toString(),
            "--stop-with-parent"));
  }

  List<String> worker(Member member, WorkerAddresses addresses) {
    String role = member.role().name().toLowerCase(Locale.ROOT);
    List<String> arguments = new ArrayList<>(addresses.arguments());
    arguments.addAll(
        List.of(
            "--threads",
            "1",
            "--kv-memory",
            KV_MEMORY,
            "--stall-limit",
            millis(plan.stallLimit().toMillis()),
            "--session-timeout",
            millis(plan.faults().sessionTimeout().toMillis())));
    if (plan.engine() == ChaosPlan.EngineKind.EMULATED) {
      arguments.addAll(EMULATED);
      arguments.addAll(
          switch (member.role()) {
            case PREFILL -> List.of("--hardware", "H100");
            case DECODE -> List.of("--hardware", "A100-80GB");
            case ROUTER, ZOOKEEPER -> throw new IllegalArgumentException(member + " is no worker");
          });
    }
    List<String> shared =
        List.of(
            "--model",
            model.toString(),
            "--zookeeper",
            addresses.session().endpoint(),
            "--stop-with-parent");
    return JavaCommand.withEngine(
        JavaCommand.SMALL,
        new WorkerPlan(role, addresses.id(), arguments, JavaCommand.SMALL).command(shared));
  }

  private static String millis(long count) {
    return count + "ms";
  }
}
