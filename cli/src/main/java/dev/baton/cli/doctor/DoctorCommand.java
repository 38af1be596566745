package dev.baton.cli.doctor;

import dev.baton.cli.doctor.Finding.Verdict;
import dev.baton.cli.local.DefaultModel;
import dev.baton.cluster.process.ProcessLogging;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton doctor}. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Says whether this machine can run Baton, and how to mend what is in the way.",
      "Looks at JDK, memory, ports, ZooKeeper, a model directory, and the directories that Baton",
      "writes to.",
      "Exit code 1 when something has to be mended before Baton can run."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton doctor",
      "  baton doctor --model ~/models/llama --zookeeper zk1.example.org:2181 --json"
    })
public final class DoctorCommand implements Callable<Integer> {
  private static final int HTTP_PORT = 8080;
  private static final int GRPC_PORT = 7070;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Model directory to load. Default: the random model, if it was made.")
  private @Nullable Path model;

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT",
      description = "ZooKeeper to ask. Default: starts the embedded one for a moment.")
  private @Nullable String zookeeper;

  @Option(names = "--json", description = "Print the findings as one JSON object on one line.")
  private boolean json;

  @Override
  public Integer call() {
    ProcessLogging.plain(Level.ERROR);
    List<Finding> findings = findings();
    boolean healthy = findings.stream().noneMatch(each -> each.verdict() == Verdict.FAIL);
    if (json) {
      Map<String, Object> report = new LinkedHashMap<>();
      report.put("ok", healthy);
      report.put("findings", findings.stream().map(Finding::fields).toList());
      System.out.println(JsonMapper.builder().build().writeValueAsString(report));
    } else {
      findings.forEach(each -> System.out.println(each.line()));
    }
    return healthy ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    findings.add(MachineChecks.jdk(Runtime.version()));
    findings.add(MachineChecks.vectorApi());
    findings.add(MachineChecks.processors(Runtime.getRuntime().availableProcessors()));
    findings.add(MachineChecks.memory());
    findings.add(
        MachineChecks.writable(
            "temporary", Path.of(System.getProperty("java.io.tmpdir")), "TMPDIR"));
    findings.add(MachineChecks.writable("home", DefaultModel.home(), "BATON_HOME"));
    findings.add(NetworkChecks.port("the OpenAI API", HTTP_PORT));
    findings.add(NetworkChecks.port("the gRPC API", GRPC_PORT));
    findings.add(
        zookeeper == null ? NetworkChecks.embeddedZooKeeper() : NetworkChecks.zooKeeper(zookeeper));
    findings.addAll(model == null ? ModelChecks.defaultModel() : ModelChecks.of(model));
    return findings;
  }
}
