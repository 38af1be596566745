package dev.baton.cli.local;

import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Failure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where a local cluster can be reached.
 *
 * @param model directory of its model
 * @param zooKeeper its ZooKeeper
 * @param router its router
 * @param workers its workers, prefill first
 * @param logs directory of the processes' logs
 */
public record ClusterEndpoints(
    Path model, ReadyLine zooKeeper, ReadyLine router, List<ReadyLine> workers, Path logs) {

  /** Name by which requests ask for the model. */
  public String modelName() {
    return String.valueOf(model.getFileName());
  }

  /** host:port of the OpenAI HTTP door. */
  public String http() {
    return router.endpoint("http");
  }

  /** host:port of the gRPC door. */
  public String grpc() {
    return router.endpoint("grpc");
  }

  /** Where its router and its workers show their metrics: http://host:port. */
  public List<String> admins() {
    return Stream.concat(Stream.of(router), workers.stream())
        .map(each -> each.endpoint("admin"))
        .toList();
  }

  /** Process id of a worker. */
  public long pidOf(String worker) {
    return workers.stream()
        .filter(each -> each.id().equals(worker))
        .findFirst()
        .orElseThrow(() -> new Failure("the router names a worker that is not ours: " + worker))
        .pid();
  }

  /** A command that works when it is pasted into a shell. */
  public String curl() {
    return """
    curl -N http://%s/v1/chat/completions -H 'Content-Type: application/json' \\
      -d '{"model":"%s","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}'\
    """
        .formatted(http(), modelName());
  }

  /** For programs: everything by name. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("http", "http://" + http() + "/v1");
    fields.put("grpc", grpc());
    fields.put("zookeeper", zooKeeper.endpoint("zookeeper"));
    fields.put("model", modelName());
    fields.put("model_directory", model.toString());
    fields.put("random_model", DefaultModel.isRandom(model));
    fields.put("logs", logs.toString());
    fields.put("curl", curl());
    fields.put("processes", processes());
    return fields;
  }

  private List<Map<String, Object>> processes() {
    List<Map<String, Object>> processes = new ArrayList<>();
    for (ReadyLine each : all()) {
      Map<String, Object> process = new LinkedHashMap<>();
      process.put("role", each.role());
      process.put("id", each.id());
      process.put("pid", each.pid());
      process.putAll(each.endpoints());
      processes.add(process);
    }
    return processes;
  }

  private List<ReadyLine> all() {
    List<ReadyLine> all = new ArrayList<>();
    all.add(zooKeeper);
    all.addAll(workers);
    all.add(router);
    return all;
  }

  /** For people. */
  public String table() {
    StringBuilder table = new StringBuilder();
    row(table, "OpenAI API", "http://" + http() + "/v1", router);
    row(table, "gRPC API", grpc(), router);
    row(table, "ZooKeeper", zooKeeper.endpoint("zookeeper"), zooKeeper);
    row(table, "metrics", "http://" + http() + "/metrics", router);
    for (ReadyLine worker : workers) {
      // A mixed worker has one for each role.
      worker
          .endpoints()
          .forEach((name, where) -> {
            if (name.endsWith("admin")) {
              row(table, "metrics", where + "/metrics", worker);
            }
          });
    }
    table.append("  %-11s %s%n".formatted("logs", logs));
    return table.toString();
  }

  private static void row(StringBuilder table, String what, String where, ReadyLine process) {
    table.append("  %-11s %-38s %s, pid %d%n".formatted(what, where, process.id(), process.pid()));
  }
}
