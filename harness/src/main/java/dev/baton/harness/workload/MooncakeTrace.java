package dev.baton.harness.workload;

import dev.baton.model.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Mooncake's traces (kvcache-ai/Mooncake, FAST'25): a JSON object a line with {@code timestamp} in
 * milliseconds, {@code input_length}, {@code output_length}, and {@code hash_ids}, one for every
 * block of 512 tokens begun; equal ids stand for an equal prefix.
 */
final class MooncakeTrace {
  private static final int BLOCK_TOKENS = 512;
  private static final int MOST_TOKENS = 10_000_000;
  private static final Set<String> FIELDS =
      Set.of("timestamp", "input_length", "output_length", "hash_ids");

  private MooncakeTrace() {}

  static List<TraceRow> rows(Path file, List<String> lines) {
    List<TraceRow> rows = new ArrayList<>();
    long first = 0;
    long last = 0;
    for (int i = 0; i < lines.size(); i++) {
      Line line = new Line(file, i + 1, lines.get(i));
      long timestamp = line.integer("timestamp", 0, Long.MAX_VALUE);
      if (rows.isEmpty()) {
        first = timestamp;
      } else if (timestamp < last) {
        throw line.fault("timestamp: " + timestamp + " goes back, expected at least " + last);
      }
      last = timestamp;
      int prompt = (int) line.integer("input_length", 1, MOST_TOKENS);
      int output = (int) line.integer("output_length", 1, MOST_TOKENS);
      PromptShape shape = new PromptShape(line.blocks(prompt), BLOCK_TOKENS, prompt);
      rows.add(new TraceRow((timestamp - first) / 1e3, shape, output));
    }
    return rows;
  }

  /** One line of the file, parsed. */
  private static final class Line {
    private final Path file;
    private final int number;
    private final JsonNode json;

    Line(Path file, int number, String text) {
      this.file = file;
      this.number = number;
      try {
        this.json = Json.MAPPER.readTree(text);
      } catch (JacksonException malformed) {
        throw fault("is no JSON: " + Json.brief(malformed.getOriginalMessage()));
      }
      Set<String> names = new TreeSet<>(json.propertyNames());
      if (!json.isObject() || !names.equals(FIELDS)) {
        throw fault("fields " + names + ", expected " + new TreeSet<>(FIELDS));
      }
    }

    long integer(String field, long least, long most) {
      return integer(field, json.path(field), least, most);
    }

    private long integer(String field, JsonNode value, long least, long most) {
      boolean fits = value.isIntegralNumber() && value.canConvertToLong();
      if (!fits || value.longValue() < least || value.longValue() > most) {
        throw fault(
            "%s: %s, expected an integer from %d to %d"
                .formatted(field, Json.brief(value.toString()), least, most));
      }
      return value.longValue();
    }

    List<Long> blocks(int promptTokens) {
      JsonNode ids = json.path("hash_ids");
      int expected = Math.ceilDiv(promptTokens, BLOCK_TOKENS);
      if (!ids.isArray() || ids.size() != expected) {
        throw fault(
            "hash_ids: %s, expected an array of %d, one for every %d tokens of input_length"
                .formatted(
                    ids.isArray() ? ids.size() + " ids" : "no array", expected, BLOCK_TOKENS));
      }
      List<Long> blocks = new ArrayList<>(ids.size());
      for (JsonNode each : ids) {
        blocks.add(integer("hash_ids", each, 0, Long.MAX_VALUE));
      }
      return blocks;
    }

    WorkloadException fault(String what) {
      return WorkloadException.at(file, number, what);
    }
  }
}
