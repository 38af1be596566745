package dev.baton.harness.workload;

import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Azure's LLM inference traces (Azure/AzurePublicDataset): {@code
 * TIMESTAMP,ContextTokens,GeneratedTokens}. They say nothing of shared prefixes, so every block is
 * unique.
 */
final class AzureTrace {
  private static final String HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
  private static final int BLOCK_TOKENS = 512;
  private static final int MOST_TOKENS = 10_000_000;
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .toFormatter();

  private AzureTrace() {}

  static List<TraceRow> rows(Path file, List<String> lines) {
    if (lines.isEmpty() || !lines.getFirst().equals(HEADER)) {
      throw WorkloadException.at(file, 1, "expected the header " + HEADER);
    }
    List<TraceRow> rows = new ArrayList<>();
    LocalDateTime first = LocalDateTime.MIN;
    double last = 0;
    long nextBlock = 0;
    for (int i = 1; i < lines.size(); i++) {
      int line = i + 1;
      String[] fields = lines.get(i).split(",", -1);
      if (fields.length != 3) {
        throw WorkloadException.at(file, line, fields.length + " fields, expected 3");
      }
      LocalDateTime time = time(file, line, fields[0]);
      if (rows.isEmpty()) {
        first = time;
      }
      double seconds = Duration.between(first, time).toNanos() / 1e9;
      if (seconds < last) {
        throw WorkloadException.at(file, line, "TIMESTAMP goes back");
      }
      last = seconds;
      int prompt = tokens(file, line, "ContextTokens", fields[1]);
      int output = tokens(file, line, "GeneratedTokens", fields[2]);
      int blocks = Math.ceilDiv(prompt, BLOCK_TOKENS);
      List<Long> ids = LongStream.range(nextBlock, nextBlock + blocks).boxed().toList();
      nextBlock += blocks;
      rows.add(new TraceRow(seconds, new PromptShape(ids, BLOCK_TOKENS, prompt), output));
    }
    return rows;
  }

  private static LocalDateTime time(Path file, int line, String text) {
    try {
      return LocalDateTime.parse(text, TIME);
    } catch (DateTimeParseException malformed) {
      throw WorkloadException.at(
          file, line, "TIMESTAMP: '" + text + "', expected as in 2023-11-16 18:17:03.9799600");
    }
  }

  private static int tokens(Path file, int line, String field, String text) {
    if (text.matches("\\d{1,9}")) {
      int value = Integer.parseInt(text);
      if (value >= 1 && value <= MOST_TOKENS) {
        return value;
      }
    }
    throw WorkloadException.at(
        file, line, field + ": '" + text + "', expected 1 to " + MOST_TOKENS);
  }
}
