package dev.baton.cli.drain;

import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.cluster.drain.OrderedDrain;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.process.ProcessLogging;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton drain}. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    description = {
      "Ends workers and routers so that nothing is lost, and waits until they have left. A member that",
      "drains takes nothing new, and finishes what it runs; a worker gives what would take too long to",
      "others, and has peers of its role fetch the KV that it used last. All within its own",
      "--drain-limit; then its process ends, with exit code 0. SIGTERM does the same.",
      "",
      "Members are found through ZooKeeper, and told there: nothing else has to be reachable."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton drain d-1                            a worker or router, by its id",
      "  baton drain gpu-7                          a mixed worker: both of its roles",
      "  baton drain --role decode --pool a100      all of these at once",
      "",
      "Exit code 0: all have drained. 1: some have not; what is left of them is said."
    })
public final class DrainCommand implements Callable<Integer> {
  private static final Duration SESSION = Duration.ofSeconds(10);
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final long LOOK_MILLIS = 200;

  /** Looks at the orders between two at the members. */
  private static final int LOOKS = 5;

  @Parameters(paramLabel = "MEMBER", arity = "0..*", description = "Ids of workers and routers.")
  private List<String> names = List.of();

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      description = "All members of this role: ${COMPLETION-CANDIDATES}.")
  private Target.@Nullable Role role;

  @Option(names = "--pool", paramLabel = "POOL", description = "All workers of this pool.")
  private @Nullable String pool;

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:2181",
      description = "ZooKeeper's connect string. Default: ${DEFAULT-VALUE}.")
  private String zookeeper = "";

  @Option(names = "--json", description = "Print what came of it as one JSON object on one line.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (names.isEmpty() == (role == null && pool == null)) {
      throw new ParameterException(
          spec.commandLine(), "say who: ids of members, or all of a --role, a --pool or both");
    }
    ProcessLogging.plain(Level.ERROR);
    List<Ordered> ordered = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    try (ClusterConnection connection = ClusterConnection.open(zookeeper, SESSION, LIMIT)) {
      List<Target> all = Target.all(connection);
      List<Target> targets =
          names.isEmpty()
              ? Target.where(all, Optional.ofNullable(role), Optional.ofNullable(pool))
              : Target.named(all, names);
      for (Target target : targets) {
        try {
          ordered.add(order(connection, target));
        } catch (OrderedDrain.AlreadyOrdered e) {
          refused.add(String.valueOf(e.getMessage()));
        }
      }
      if (ordered.isEmpty()) {
        throw new Failure(String.join("; ", refused));
      }
      watch(connection, ordered);
    }
    List<DrainingMember> members = ordered.stream().map(Ordered::member).toList();
    if (json) {
      List<Map<String, Object>> reports = members.stream().map(DrainingMember::report).toList();
      System.out.println(
          JsonMapper.builder()
              .build()
              .writeValueAsString(Map.of("members", reports, "refused", refused)));
    } else {
      members.forEach(member -> System.out.println(member.account()));
      refused.forEach(System.out::println);
    }
    boolean drained =
        members.stream()
            .allMatch(each -> each.end().equals(Optional.of(DrainingMember.End.DRAINED)));
    return drained && refused.isEmpty() ? 0 : 1;
  }

  private record Ordered(DrainingMember member, OrderedDrain order) {}

  private static Ordered order(ClusterConnection connection, Target target) throws Exception {
    String by =
        "%s (pid %d)"
            .formatted(System.getProperty("user.name", "?"), ProcessHandle.current().pid());
    OrderedDrain order = OrderedDrain.of(connection, target.id(), target.epoch(), by);
    return new Ordered(new DrainingMember(target, System.nanoTime()), order);
  }

  private void watch(ClusterConnection connection, List<Ordered> ordered)
      throws InterruptedException {
    List<DrainingMember> members = ordered.stream().map(Ordered::member).toList();
    try (Progress progress = Progress.onStderr()) {
      Set<Long> present = new LinkedHashSet<>();
      for (int looks = 0; ; looks++) {
        if (looks % LOOKS == 0) {
          present = Target.all(connection).stream().map(Target::epoch).collect(Collectors.toSet());
        }
        for (Ordered each : ordered) {
          DrainingMember member = each.member();
          if (member.end().isEmpty()) {
            member.look(
                each.order().progress(),
                present.contains(member.target().epoch()),
                System.nanoTime());
          }
        }
        progress.step(
            members.stream().map(DrainingMember::state).collect(Collectors.joining("; ")));
        if (members.stream().allMatch(member -> member.end().isPresent())) {
          return;
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new Failure(
          "zookeeper: %s does not answer any more; who took the order drains all the same"
              .formatted(zookeeper),
          e);
    }
  }
}
