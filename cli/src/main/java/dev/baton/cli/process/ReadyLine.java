package dev.baton.cli.process;

import dev.baton.cli.shell.Failure;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The one line that a long-running command prints on stdout once it serves: {@code BATON_READY} and
 * a JSON object of role, id, pid and endpoints. Whoever started the process waits for it.
 *
 * @param role what the process is: "router", "prefill", "decode", "mixed" or "zookeeper"
 * @param id its name in the cluster
 * @param pid its process id
 * @param endpoints by name ("http", "grpc", "control", "kv", "admin", "zookeeper"; of a mixed
 *     worker with the role before them: "prefill-control"), each host:port
 */
public record ReadyLine(String role, String id, long pid, Map<String, String> endpoints) {
  private static final String PREFIX = "BATON_READY ";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Keeps the order of the endpoints. */
  public ReadyLine {
    endpoints = Collections.unmodifiableMap(new LinkedHashMap<>(endpoints));
  }

  /** This process's own. */
  public static ReadyLine ofThisProcess(String role, String id, Map<String, String> endpoints) {
    return new ReadyLine(role, id, ProcessHandle.current().pid(), endpoints);
  }

  /** The line, without its end. */
  public String text() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", role);
    fields.put("id", id);
    fields.put("pid", pid);
    fields.putAll(endpoints);
    return PREFIX + JSON.writeValueAsString(fields);
  }

  /** The line in what a process printed; empty for any other line. */
  public static Optional<ReadyLine> parse(String line) {
    if (!line.startsWith(PREFIX)) {
      return Optional.empty();
    }
    try {
      JsonNode json = JSON.readTree(line.substring(PREFIX.length()));
      Map<String, String> endpoints = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> field : json.properties()) {
        switch (field.getKey()) {
          case "role", "id", "pid" -> {}
          default -> endpoints.put(field.getKey(), field.getValue().asString());
        }
      }
      return Optional.of(
          new ReadyLine(
              json.path("role").asString(""),
              json.path("id").asString(""),
              json.path("pid").asLong(0),
              endpoints));
    } catch (JacksonException malformed) {
      throw new Failure("a process said it is ready in a line that is no JSON: " + line, malformed);
    }
  }

  /** host:port of an endpoint that this kind of process has. */
  public String endpoint(String name) {
    String endpoint = endpoints.get(name);
    if (endpoint == null) {
      throw new Failure(id + " named no endpoint " + name + ", only " + endpoints.keySet());
    }
    return endpoint;
  }
}
