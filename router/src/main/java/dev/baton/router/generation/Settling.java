package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.model.GenerationDefaults;
import dev.baton.model.sampling.Sampling;
import dev.baton.model.text.ChatTemplate.Message;
import dev.baton.model.text.ChatTemplateException;
import dev.baton.proto.v1.ChatMessage;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.router.admission.Priority;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/**
 * Checks a request, tokenizes its prompt, and chooses every value that it leaves open: the
 * request's own word, else the model's {@code generation_config.json}, else a neutral default.
 * Errors name fields as paths of {@code baton.v1.GenerateRequest}. Safe for use by many threads.
 */
final class Settling {
  private static final int MOST_CHOICES = 16;
  private static final int MOST_STOPS = 16;
  private static final int MOST_STOP_TOKENS = 1024;
  private static final int MOST_LOGPROBS = 20;
  private static final Set<String> ROLES = Set.of("system", "user", "assistant");

  private final Models models;
  private final int defaultMaxTokens;
  private final LongSupplier seeds;

  /** With the router's default length of an answer, and where fresh seeds come from. */
  Settling(Models models, int defaultMaxTokens, LongSupplier seeds) {
    this.models = models;
    this.defaultMaxTokens = defaultMaxTokens;
    this.seeds = seeds;
  }

  /**
   * The request under this id, with nothing open.
   *
   * @throws BatonException INVALID_ARGUMENT, UNSUPPORTED, MODEL_NOT_FOUND or
   *     CONTEXT_LENGTH_EXCEEDED
   */
  SettledRequest settle(String id, GenerateRequest asked) {
    TextModel model = models.named(asked.getModel());
    int choices = choices(asked);
    Sampling sampling = sampling(asked.getSampling(), model.defaults());
    List<String> stops = stops(asked);
    SortedSet<Integer> stopTokens = stopTokens(asked, model);
    OptionalInt logprobs = logprobs(asked);
    Priority priority = priority(asked);
    int[] prompt = prompt(asked, model);
    int maxTokens = maxTokens(asked, prompt.length, model);
    return new SettledRequest(
        id,
        model,
        prompt,
        sampling,
        maxTokens,
        choices,
        stops,
        stopTokens,
        logprobs,
        priority,
        begun(asked, choices, maxTokens, stopTokens, model));
  }

  private static List<int[]> begun(
      GenerateRequest asked, int choices, int maxTokens, Set<Integer> stopTokens, TextModel model) {
    int count = asked.getContinueFromCount();
    if (count == 0) {
      return Collections.nCopies(choices, new int[0]);
    }
    check("continue_from", count + " entries", count == choices, choices + ", one for each choice");
    check(
        "sampling.seed",
        "",
        asked.getSampling().hasSeed(),
        "with continue_from the seed that Accepted named");
    List<int[]> begun = new ArrayList<>();
    for (int choice = 0; choice < count; choice++) {
      List<Integer> ids = asked.getContinueFrom(choice).getTokenIdsList();
      String field = "continue_from[" + choice + "].token_ids";
      check(
          field,
          ids.size() + " tokens",
          ids.size() <= maxTokens,
          "at most max_tokens " + maxTokens);
      for (int i = 0; i < ids.size(); i++) {
        int id = tokenId(field + "[" + i + "]", ids.get(i), model);
        boolean last = i == ids.size() - 1;
        check(
            field + "[" + i + "]",
            id,
            last || !stopTokens.contains(id),
            "a token that does not end the answer, as others follow");
      }
      begun.add(ids.stream().mapToInt(Integer::intValue).toArray());
    }
    return List.copyOf(begun);
  }

  private static Priority priority(GenerateRequest asked) {
    return switch (asked.getPriority()) {
      case PRIORITY_LOW -> Priority.LOW;
      case PRIORITY_UNSPECIFIED, PRIORITY_NORMAL -> Priority.NORMAL;
      case PRIORITY_HIGH -> Priority.HIGH;
      case UNRECOGNIZED ->
          throw BatonException.invalid(
              "priority",
              asked.getPriorityValue(),
              "PRIORITY_LOW, PRIORITY_NORMAL or PRIORITY_HIGH");
    };
  }

  private static int choices(GenerateRequest asked) {
    long choices = Integer.toUnsignedLong(asked.getChoices());
    check("choices", choices, choices <= MOST_CHOICES, "1 to " + MOST_CHOICES);
    return Math.max(1, (int) choices);
  }

  private Sampling sampling(dev.baton.proto.v1.Sampling asked, GenerationDefaults defaults) {
    double temperature =
        asked.hasTemperature() ? asked.getTemperature() : defaults.temperature().orElse(1);
    long topK =
        asked.hasTopK() ? Integer.toUnsignedLong(asked.getTopK()) : defaults.topK().orElse(0);
    double topP = asked.hasTopP() ? asked.getTopP() : defaults.topP().orElse(1);
    double minP = asked.hasMinP() ? asked.getMinP() : 0;
    double repetition =
        asked.hasRepetitionPenalty()
            ? asked.getRepetitionPenalty()
            : defaults.repetitionPenalty().orElse(1);
    double presence = asked.getPresencePenalty();
    double frequency = asked.getFrequencyPenalty();
    // Comparisons are written so that NaN fails them.
    check("sampling.temperature", temperature, temperature >= 0 && temperature <= 2, "0 to 2");
    check("sampling.top_k", topK, topK <= Integer.MAX_VALUE, "0 to " + Integer.MAX_VALUE);
    check("sampling.top_p", topP, topP > 0 && topP <= 1, "more than 0, at most 1");
    check("sampling.min_p", minP, minP >= 0 && minP <= 1, "0 to 1");
    check(
        "sampling.repetition_penalty",
        repetition,
        repetition > 0 && repetition <= 10,
        "more than 0, at most 10");
    check("sampling.presence_penalty", presence, presence >= -2 && presence <= 2, "-2 to 2");
    check("sampling.frequency_penalty", frequency, frequency >= -2 && frequency <= 2, "-2 to 2");
    long seed = asked.hasSeed() ? asked.getSeed() : seeds.getAsLong();
    return new Sampling(temperature, (int) topK, topP, minP, repetition, presence, frequency, seed);
  }

  private static List<String> stops(GenerateRequest asked) {
    List<String> stops = List.copyOf(asked.getStopList());
    check("stop", stops.size(), stops.size() <= MOST_STOPS, "at most " + MOST_STOPS + " strings");
    for (int i = 0; i < stops.size(); i++) {
      check("stop[" + i + "]", "", !stops.get(i).isEmpty(), "a string that is not empty");
    }
    return stops;
  }

  private static SortedSet<Integer> stopTokens(GenerateRequest asked, TextModel model) {
    int count = asked.getStopTokenIdsCount();
    check("stop_token_ids", count, count <= MOST_STOP_TOKENS, "at most " + MOST_STOP_TOKENS);
    SortedSet<Integer> tokens = new TreeSet<>();
    for (int i = 0; i < count; i++) {
      tokens.add(tokenId("stop_token_ids[" + i + "]", asked.getStopTokenIds(i), model));
    }
    if (!asked.getIgnoreEos()) {
      tokens.addAll(model.defaults().endOfSequence());
    }
    return tokens;
  }

  private static OptionalInt logprobs(GenerateRequest asked) {
    if (!asked.hasLogprobs()) {
      return OptionalInt.empty();
    }
    long logprobs = Integer.toUnsignedLong(asked.getLogprobs());
    check("logprobs", logprobs, logprobs <= MOST_LOGPROBS, "0 to " + MOST_LOGPROBS);
    return OptionalInt.of((int) logprobs);
  }

  private static int[] prompt(GenerateRequest asked, TextModel model) {
    return switch (asked.getInputCase()) {
      case TEXT -> {
        int[] ids = model.tokenizer().encode(asked.getText(), true);
        check("text", asked.getText(), ids.length > 0, "a text of at least one token");
        yield ids;
      }
      case TOKENS -> {
        int count = asked.getTokens().getIdsCount();
        check("tokens.ids", "", count > 0, "at least one token id");
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
          ids[i] = tokenId("tokens.ids[" + i + "]", asked.getTokens().getIds(i), model);
        }
        yield ids;
      }
      case CHAT -> {
        String text = render(asked.getChat().getMessagesList(), model);
        int[] ids = model.tokenizer().encode(text, false);
        check("chat.messages", text, ids.length > 0, "messages that make at least one token");
        yield ids;
      }
      case INPUT_NOT_SET -> throw BatonException.invalid("input", "", "text, tokens or chat");
    };
  }

  private static String render(List<ChatMessage> messages, TextModel model) {
    check("chat.messages", "", !messages.isEmpty(), "at least one message");
    List<Message> checked = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      String role = messages.get(i).getRole();
      check(
          "chat.messages[" + i + "].role",
          role,
          ROLES.contains(role),
          "\"system\", \"user\" or \"assistant\"");
      checked.add(new Message(role, messages.get(i).getContent()));
    }
    try {
      return model.template().render(checked);
    } catch (ChatTemplateException e) {
      throw switch (e.code()) {
        case NO_TEMPLATE ->
            BatonException.unsupported(
                "chat", "", "a prompt of text or tokens: the model has no chat template");
        case REFUSED -> BatonException.invalid("chat.messages", "", String.valueOf(e.getMessage()));
      };
    }
  }

  private int maxTokens(GenerateRequest asked, int prompt, TextModel model) {
    int context = model.config().contextTokens();
    int room = context - prompt;
    if (room < 1) {
      String input = asked.getInputCase().name().toLowerCase(Locale.ROOT);
      throw BatonException.contextLength(input, prompt + 1L, context);
    }
    long wanted = Integer.toUnsignedLong(asked.getMaxTokens());
    if (wanted > room) {
      throw BatonException.contextLength("max_tokens", prompt + wanted, context);
    }
    return wanted > 0 ? (int) wanted : Math.min(defaultMaxTokens, room);
  }

  private static int tokenId(String field, int id, TextModel model) {
    long value = Integer.toUnsignedLong(id);
    int vocabulary = model.config().vocabulary();
    check(field, value, value < vocabulary, "0 to " + (vocabulary - 1));
    return id;
  }

  private static void check(String field, Object value, boolean holds, String expected) {
    if (!holds) {
      throw BatonException.invalid(field, String.valueOf(value), expected);
    }
  }
}
