package dev.baton.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashIdTraceTest {
  /** Two lines of Mooncake's conversation trace, the ids cut short. */
  private static final String LINES =
      """
      {"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2, 3]}
      {"timestamp": 0, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14, 15]}
      """;

  @TempDir private Path directory;

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("trace.jsonl"), text);
  }

  @Test
  void readsTheIdsOfEachLine() throws IOException {
    HashIdTrace trace = HashIdTrace.read(file(LINES));
    assertThat(trace.requests()).containsExactly(new int[] {0, 1, 2, 3}, new int[] {0, 14, 15});
    assertThat(trace.ids()).isEqualTo(16);
  }

  @Test
  void aWrongLineIsNamed() throws IOException {
    Path file = file(LINES + "{\"hash_ids\": [1, -1]}");
    assertThatThrownBy(() -> HashIdTrace.read(file))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("line 3")
        .hasMessageContaining("hash_ids");
  }

  @Test
  void inASyntheticTraceAnIdStandsAlwaysBehindTheSameIds() {
    Map<Integer, Integer> parents = new HashMap<>();
    for (int[] ids : HashIdTrace.synthetic(2000, 5).requests()) {
      for (int i = 0; i < ids.length; i++) {
        int parent = i == 0 ? -1 : ids[i - 1];
        assertThat(parents.merge(ids[i], parent, (was, _) -> was)).isEqualTo(parent);
      }
    }
    assertThat(parents).hasSizeGreaterThan(10_000);
  }
}
