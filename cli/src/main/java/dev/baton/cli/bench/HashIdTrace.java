package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import dev.baton.model.ModelException;
import dev.baton.model.json.Json;
import dev.baton.model.json.JsonFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;

/**
 * Requests as lists of block ids, in order of arrival: equal ids are equal blocks, and what comes
 * before them is equal too.
 *
 * @param name where it comes from
 * @param requests the ids of each request, small numbers from 0
 */
record HashIdTrace(String name, List<int[]> requests) {
  private static final int MOST_IDS = 1 << 24;

  /** Reads {@code hash_ids} from lines of JSON as Mooncake publishes them. */
  static HashIdTrace read(Path file) {
    List<int[]> requests = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        requests.add(ids(file, requests.size() + 1, line));
      }
    } catch (IOException e) {
      throw new Failure("--trace: " + file + " cannot be read: " + e.getMessage(), e);
    }
    if (requests.isEmpty()) {
      throw new Failure("--trace: " + file + " is empty, expected a line of JSON for each request");
    }
    return new HashIdTrace(file.getFileName().toString(), requests);
  }

  private static int[] ids(Path file, int number, String line) {
    try {
      JsonFields fields = JsonFields.of(file, Json.parse(file, line));
      String expected = "a list of block ids";
      JsonNode list =
          fields.node("hash_ids").orElseThrow(() -> fields.missing("hash_ids", expected));
      if (!list.isArray() || list.isEmpty()) {
        throw fields.invalid("hash_ids", list, expected);
      }
      int[] ids = new int[list.size()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = fields.integer("hash_ids", list.get(i), 0, MOST_IDS - 1);
      }
      return ids;
    } catch (ModelException e) {
      throw new Failure("--trace: line " + number + ": " + e.getMessage(), e);
    }
  }

  /**
   * A made-up trace of conversations, in the proportions of Mooncake's: every request begins with
   * the same block, half of them go on with one of the latest conversations.
   */
  static HashIdTrace synthetic(int requests, long seed) {
    Random random = new Random(seed);
    List<int[]> made = new ArrayList<>();
    int ids = 1;
    for (int i = 0; i < requests; i++) {
      boolean isNew = made.isEmpty() || random.nextBoolean();
      int[] before = isNew ? new int[1] : made.get(Math.max(0, i - 1 - random.nextInt(2000)));
      // Exponential: many are short, few are very long.
      int more = 1 + (int) (-(isNew ? 22 : 6) * Math.log(1 - random.nextDouble()));
      int[] now = new int[before.length + more];
      System.arraycopy(before, 0, now, 0, before.length);
      for (int at = before.length; at < now.length; at++) {
        now[at] = ids++;
      }
      made.add(now);
    }
    return new HashIdTrace("synthetic, seed " + seed, made);
  }

  /** One more than the highest id. */
  int ids() {
    return 1 + requests.stream().flatMapToInt(java.util.Arrays::stream).max().orElse(0);
  }
}
