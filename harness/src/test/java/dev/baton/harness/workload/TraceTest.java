package dev.baton.harness.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceTest {
  private static final String AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  private static final String MOONCAKE =
      "{\"timestamp\": %s, \"input_length\": %s, \"output_length\": %s, \"hash_ids\": %s}\n";

  @TempDir private Path directory;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  @Test
  void azureRowsHaveTheirTimesToTheMicrosecondAndShareNoBlock() throws IOException {
    Trace trace =
        Trace.read(
            file(
                "azure.csv",
                AZURE
                    + "2023-11-16 18:15:46.6805900,374,44\n"
                    + "2023-11-16 18:15:50.9951690,1025,109\n"));

    assertThat(trace.rows())
        .containsExactly(
            new TraceRow(0, new PromptShape(List.of(0L), 512, 374), 44),
            new TraceRow(4.314579, new PromptShape(List.of(1L, 2L, 3L), 512, 1025), 109));
  }

  @Test
  void mooncakeRowsCountFromTheFirstAndKeepTheirIds() throws IOException {
    Trace trace =
        Trace.read(
            file(
                "m.jsonl",
                MOONCAKE.formatted("27000", "600", "5", "[0, 7]")
                    + MOONCAKE.formatted("28500", "512", "6", "[0]")));

    assertThat(trace.rows())
        .containsExactly(
            new TraceRow(0, new PromptShape(List.of(0L, 7L), 512, 600), 5),
            new TraceRow(1.5, new PromptShape(List.of(0L), 512, 512), 6));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2023-11-16 18:15:46,374             | 2 fields, expected 3
          2023-11-16T18:15:46,374,44          | TIMESTAMP: '2023-11-16T18:15:46'
          2023-11-16 18:15:46,0,44            | ContextTokens: '0', expected 1 to 10000000
          2023-11-16 18:15:46,374,-1          | GeneratedTokens: '-1', expected 1 to 10000000
          2023-11-16 18:15:40,374,44          | TIMESTAMP goes back
          """)
  void aWrongAzureLineIsNamed(String line, String fault) throws IOException {
    Path file = file("azure.csv", AZURE + "2023-11-16 18:15:45,1,1\n" + line + "\n");

    assertThatThrownBy(() -> Trace.read(file))
        .isInstanceOf(WorkloadException.class)
        .hasMessageStartingWith(file + ":3: " + fault);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0    | 600  | 5   | [0, 7]   | timestamp: 0 goes back, expected at least 1
          "1"  | 600  | 5   | [0, 7]   | timestamp: "1", expected an integer
          1    | 0    | 5   | []       | input_length: 0, expected an integer from 1
          1    | 600  | 2.5 | [0, 7]   | output_length: 2.5, expected an integer from 1
          1    | 600  | 5   | [0]      | hash_ids: 1 ids, expected an array of 2
          1    | 600  | 5   | 7        | hash_ids: no array, expected an array of 2
          1    | 600  | 5   | [0, "a"] | hash_ids: "a", expected an integer
          1    | 600  | 5   | [0,      | is no JSON
          1    | 600  | 5   | [0, 7], "more": 1 | fields [hash_ids, input_length, more
          """)
  void aWrongMooncakeLineIsNamed(
      String timestamp, String input, String output, String ids, String fault) throws IOException {
    Path file =
        file(
            "m.jsonl",
            MOONCAKE.formatted("1", "600", "5", "[0, 7]")
                + MOONCAKE.formatted(timestamp, input, output, ids));

    assertThatThrownBy(() -> Trace.read(file))
        .isInstanceOf(WorkloadException.class)
        .hasMessageStartingWith(file + ":2: " + fault);
  }

  @Test
  void aFileWithoutRequestsIsNoTrace() throws IOException {
    Path file = file("azure.csv", AZURE);

    assertThatThrownBy(() -> Trace.read(file)).hasMessage(file + ": holds no request");
  }

  @Test
  void scaledLengthsKeepEveryBlock() {
    PromptShape shape = new PromptShape(List.of(1L, 2L, 3L), 512, 2 * 512 + 100);

    assertThat(shape.scaled(0.125))
        .isEqualTo(new PromptShape(List.of(1L, 2L, 3L), 64, 2 * 64 + 13));
    assertThat(shape.scaled(0.0001)).isEqualTo(new PromptShape(List.of(1L, 2L, 3L), 1, 3));
  }
}
