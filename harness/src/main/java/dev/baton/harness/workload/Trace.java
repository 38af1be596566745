package dev.baton.harness.workload;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Recorded requests, in order of their times.
 *
 * @param name its file's name
 * @param rows at least one
 */
public record Trace(String name, List<TraceRow> rows) {
  /** Copies the list. */
  public Trace {
    rows = List.copyOf(rows);
  }

  /**
   * Reads an Azure trace ({@code .csv}) or one of Mooncake's ({@code .jsonl}).
   *
   * @throws WorkloadException naming file and line of the first fault
   */
  public static Trace read(Path file) {
    String name = String.valueOf(file.getFileName());
    String lower = name.toLowerCase(Locale.ROOT);
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw WorkloadException.unreadable(file, unreadable);
    }
    List<TraceRow> rows;
    if (lower.endsWith(".csv")) {
      rows = AzureTrace.rows(file, lines);
    } else if (lower.endsWith(".jsonl")) {
      rows = MooncakeTrace.rows(file, lines);
    } else {
      throw new WorkloadException(
          file + ": expected a name that ends with .csv (Azure) or .jsonl (Mooncake)");
    }
    if (rows.isEmpty()) {
      throw new WorkloadException(file + ": holds no request");
    }
    return new Trace(name, rows);
  }
}
