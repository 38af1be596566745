package dev.baton.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class ExplanationTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** As a router with joint placement gives it, its sums off by roundings of single terms. */
  private static final String PLACED =
      """
      {"request_id":"req-1","outcome":"placed","prefill_worker":"p-1","decode_worker":"d-1",
       "local_prefill":false,"tokens_to_compute":784,"blocks":55,
       "prefix_source":{"worker":"p-2","blocks":49,"reason":"holds 49 blocks more"},
       "predicted_ttft_ms":41.301,"predicted_tpot_ms":8.1,
       "options":[
        {"prefill_worker":"p-1","decode_worker":"d-1","terms":{"ttft_us":41301,"tpot_us":8100,
         "room_us":0,"wait_us":12000,"fetch_us":300,"prefill_us":24000,"visible_transfer_us":2000,
         "join_us":3000,"millijoules":1250,"microdollars":0}},
        {"prefill_worker":"p-2","decode_worker":"d-1","terms":{"ttft_us":53301,"tpot_us":8000}},
        {"prefill_worker":"d-2","decode_worker":"d-2","terms":{"ttft_us":99301,"tpot_us":8100}}],
       "candidates":[
        {"worker":"p-1","role":"prefill","terms":{"stale":0,"wait_us":12000}},
        {"worker":"p-9","role":"prefill","rejected":"is draining","terms":{}},
        {"worker":"d-1","role":"decode","terms":{"stale":0,"step_us":8100,"batch":3}}]}
      """;

  private static List<String> lines(String json) {
    return Explanation.lines(JSON.readTree(json));
  }

  private static String line(List<String> lines, String start) {
    return lines.stream().filter(each -> each.strip().startsWith(start)).findFirst().orElseThrow();
  }

  @Test
  void termsOfThePredictedTimeAddUpToIt() {
    String[] sides = line(lines(PLACED), "predicted TTFT").split(" = ");
    BigDecimal total = new BigDecimal(sides[0].replaceAll("[^0-9.]", ""));
    BigDecimal sum =
        Arrays.stream(sides[1].split(" \\+ "))
            .map(part -> new BigDecimal(part.replaceAll("[^0-9.]", "")))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(total).isEqualByComparingTo(sum).isEqualByComparingTo("41.300");
    assertThat(sides[1]).contains("visible transfer 2.000").doesNotContain("tpot");
  }

  @Test
  void pairSourceCostAndTimePerTokenAreSaid() {
    List<String> lines = lines(PLACED);
    assertThat(lines.getFirst()).isEqualTo("request req-1: placed");
    assertThat(line(lines, "prefill worker")).contains("p-1", "784 tokens");
    assertThat(line(lines, "decode worker")).contains("d-1", "55 blocks");
    assertThat(line(lines, "prefix from")).contains("p-2", "49 blocks", "holds 49 blocks more");
    assertThat(line(lines, "predicted TPOT")).endsWith("8.100 ms");
    assertThat(line(lines, "it costs")).endsWith("millijoules 1250");
  }

  @Test
  void otherOptionsAreSaidByWhatTheyAreWorse() {
    List<String> lines = lines(PLACED);
    assertThat(line(lines, "p-2 and d-1")).endsWith("TTFT +12.000 ms, TPOT -0.100 ms");
    assertThat(line(lines, "d-2 alone")).endsWith("TTFT +58.000 ms, TPOT +0.000 ms");
  }

  @Test
  void everyWorkerIsEitherWeighedWithItsTermsOrRejectedWithItsReason() {
    List<String> lines = lines(PLACED);
    List<String> weighed = lines.subList(lines.indexOf("weighed"), lines.indexOf("rejected"));
    List<String> rejected = lines.subList(lines.indexOf("rejected"), lines.size());
    assertThat(line(weighed, "prefill")).contains("p-1").endsWith("stale 0, wait 12.000 ms");
    assertThat(line(weighed, "decode")).endsWith("stale 0, step 8.100 ms, batch 3");
    assertThat(rejected).hasSize(2);
    assertThat(rejected.getLast()).contains("p-9").endsWith("is draining");
  }

  @Test
  void localPrefillNamesOneWorker() {
    List<String> lines =
        lines(
            """
            {"request_id":"r","outcome":"placed","prefill_worker":"d-1","decode_worker":"d-1",
             "local_prefill":true,"tokens_to_compute":5,"blocks":2,"candidates":[]}
            """);
    assertThat(line(lines, "on")).contains("d-1 alone", "local prefill", "5 tokens", "2 blocks");
    assertThat(line(lines, "no prediction")).isNotNull();
  }

  @Test
  void refusalSaysItsObstacle() {
    assertThat(
            lines(
                """
                {"request_id":"r","outcome":"refused","obstacle":"no_decode_worker","candidates":[]}
                """))
        .containsExactly("request r: refused, no decode worker");
  }
}
