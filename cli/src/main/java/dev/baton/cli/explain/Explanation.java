package dev.baton.cli.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** A decision, as a router's {@code /v1/decisions} gives it, in lines for people. */
final class Explanation {
  private static final String TTFT = "ttft_us";
  private static final String TPOT = "tpot_us";
  private static final String MICROS = "_us";

  private Explanation() {}

  /** The lines, without their ends. */
  static List<String> lines(JsonNode decision) {
    List<String> lines = new ArrayList<>();
    String request = decision.path("request_id").asString("?");
    if (decision.path("outcome").asString("").equals("placed")) {
      lines.add("request " + request + ": placed");
      placed(decision, lines);
    } else {
      lines.add(
          "request %s: refused, %s"
              .formatted(request, spaced(decision.path("obstacle").asString("no reason given"))));
    }
    candidates(decision, lines);
    return lines;
  }

  private static void placed(JsonNode decision, List<String> lines) {
    String prefill = decision.path("prefill_worker").asString("?");
    String decode = decision.path("decode_worker").asString("?");
    long tokens = decision.path("tokens_to_compute").asLong(0);
    long blocks = decision.path("blocks").asLong(0);
    if (decision.path("local_prefill").asBoolean(false)) {
      lines.add(
          "  on             %s alone, local prefill: it computes %d tokens and holds %d blocks"
              .formatted(decode, tokens, blocks));
    } else {
      lines.add("  prefill worker %s, computes %d tokens".formatted(prefill, tokens));
      lines.add("  decode worker  %s, reserves %d blocks".formatted(decode, blocks));
    }
    JsonNode source = decision.path("prefix_source");
    if (source.isObject()) {
      lines.add(
          "  prefix from    %s, %d blocks: %s"
              .formatted(
                  source.path("worker").asString("?"),
                  source.path("blocks").asLong(0),
                  source.path("reason").asString("?")));
    }
    List<JsonNode> options = list(decision.path("options"));
    if (options.isEmpty()) {
      lines.add("  no prediction: this policy compares the candidates' terms one after the other");
    } else {
      predicted(options, lines);
    }
  }

  private static void predicted(List<JsonNode> options, List<String> lines) {
    JsonNode best = options.getFirst().path("terms");
    List<Map.Entry<String, JsonNode>> parts =
        best.properties().stream().filter(each -> isPartOfTtft(each.getKey())).toList();
    // The terms are rounded one by one: their own sum is what they add up to.
    long sum = parts.stream().mapToLong(each -> each.getValue().asLong()).sum();
    lines.add(
        "  predicted TTFT %s ms = %s"
            .formatted(
                millis(sum),
                parts.stream()
                    .map(each -> name(each.getKey()) + " " + millis(each.getValue().asLong()))
                    .collect(Collectors.joining(" + "))));
    lines.add("  predicted TPOT %s ms".formatted(millis(best.path(TPOT).asLong())));
    String besides =
        best.properties().stream()
            .filter(each -> !each.getKey().endsWith(MICROS) && each.getValue().asLong() != 0)
            .map(Explanation::term)
            .collect(Collectors.joining(", "));
    if (!besides.isEmpty()) {
      lines.add("  it costs       " + besides);
    }
    if (options.size() > 1) {
      lines.add("next best, against this one");
      options.stream().skip(1).forEach(each -> lines.add(option(each, best)));
    }
  }

  private static String option(JsonNode option, JsonNode best) {
    String prefill = option.path("prefill_worker").asString("?");
    String decode = option.path("decode_worker").asString("?");
    JsonNode terms = option.path("terms");
    return "  %-32s TTFT %s ms, TPOT %s ms"
        .formatted(
            prefill.equals(decode) ? decode + " alone" : prefill + " and " + decode,
            difference(terms, best, TTFT),
            difference(terms, best, TPOT));
  }

  private static String difference(JsonNode terms, JsonNode best, String name) {
    return String.format(
        Locale.ROOT, "%+.3f", (terms.path(name).asLong() - best.path(name).asLong()) / 1e3);
  }

  private static void candidates(JsonNode decision, List<String> lines) {
    List<JsonNode> all = list(decision.path("candidates"));
    List<JsonNode> weighed = all.stream().filter(each -> rejection(each).isEmpty()).toList();
    if (!weighed.isEmpty()) {
      lines.add("weighed");
      weighed.forEach(each -> lines.add(worker(each) + terms(each)));
    }
    if (weighed.size() < all.size()) {
      lines.add("rejected");
      all.forEach(each -> rejection(each).ifPresent(why -> lines.add(worker(each) + why)));
    }
  }

  private static Optional<String> rejection(JsonNode candidate) {
    return Optional.ofNullable(candidate.get("rejected")).map(JsonNode::asString);
  }

  private static String worker(JsonNode candidate) {
    return "  %-8s %-24s "
        .formatted(candidate.path("role").asString("?"), candidate.path("worker").asString("?"));
  }

  private static String terms(JsonNode candidate) {
    return candidate.path("terms").properties().stream()
        .map(Explanation::term)
        .collect(Collectors.joining(", "));
  }

  private static String term(Map.Entry<String, JsonNode> term) {
    long value = term.getValue().asLong();
    return term.getKey().endsWith(MICROS)
        ? name(term.getKey()) + " " + millis(value) + " ms"
        : name(term.getKey()) + " " + value;
  }

  private static boolean isPartOfTtft(String term) {
    return term.endsWith(MICROS) && !term.equals(TTFT) && !term.equals(TPOT);
  }

  private static String name(String term) {
    return spaced(
        term.endsWith(MICROS) ? term.substring(0, term.length() - MICROS.length()) : term);
  }

  private static String spaced(String name) {
    return name.replace('_', ' ');
  }

  private static String millis(long micros) {
    return String.format(Locale.ROOT, "%.3f", micros / 1e3);
  }

  private static List<JsonNode> list(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }
}
