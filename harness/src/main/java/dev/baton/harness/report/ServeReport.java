package dev.baton.harness.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Everything that one call of {@code baton bench serve} measured, as its JSON says it.
 *
 * @param tool always "baton bench serve"
 * @param version of this format
 * @param started when, ISO 8601
 * @param machine what it ran on
 * @param api "openai" or "grpc"
 * @param endpoint as it was given
 * @param model that was asked
 * @param promptKind "chat" or "completion"
 * @param promptTokensBy how prompts got their lengths
 * @param itlCounts "tokens" where the API says how many tokens an event has: those of one event
 *     have gaps of 0; "events" where it does not: every event with text counts as one
 * @param ignoresEos whether answers were asked to go on past the model's end of text
 * @param seed of arrivals and texts
 * @param runs at least one
 */
public record ServeReport(
    String tool,
    int version,
    String started,
    String machine,
    String api,
    String endpoint,
    String model,
    String promptKind,
    String promptTokensBy,
    String itlCounts,
    boolean ignoresEos,
    long seed,
    List<RunReport> runs) {
  /** What {@link #tool} says. */
  public static final String TOOL = "baton bench serve";

  /** What {@link #version} says. */
  public static final int VERSION = 1;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .changeDefaultPropertyInclusion(
              all -> all.withValueInclusion(JsonInclude.Include.NON_NULL))
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  /** Copies the list. */
  public ServeReport {
    runs = List.copyOf(runs);
  }

  /** One JSON object on one line. */
  public String json() {
    return JSON.writeValueAsString(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static ServeReport parse(String json) {
    ServeReport report;
    try {
      report = JSON.readValue(json, ServeReport.class);
    } catch (JacksonException other) {
      throw new IllegalArgumentException(
          "is no report of 'baton bench serve --json': " + other.getOriginalMessage(), other);
    }
    if (!TOOL.equals(report.tool()) || report.version() != VERSION) {
      throw new IllegalArgumentException(
          "is a report of %s, version %d; expected %s, version %d"
              .formatted(report.tool(), report.version(), TOOL, VERSION));
    }
    return report;
  }
}
