package dev.baton.router.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.BatonException;
import dev.baton.model.GenerationDefaults;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.BegunChoice;
import dev.baton.proto.v1.Chat;
import dev.baton.proto.v1.ChatMessage;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.TokenIds;
import dev.baton.router.fake.TestModel;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SettlingTest {
  private static final long FRESH_SEED = 99;

  private static TextModel model(String name, GenerationDefaults defaults) {
    TextModel tiny = TestModel.model();
    return new TextModel(name, tiny.config(), defaults, tiny.tokenizer(), tiny.template());
  }

  private static final GenerationDefaults NONE =
      new GenerationDefaults(
          OptionalDouble.empty(),
          OptionalInt.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          new TreeSet<>());
  private static final GenerationDefaults ALL =
      new GenerationDefaults(
          OptionalDouble.of(0.6),
          OptionalInt.of(50),
          OptionalDouble.of(0.9),
          OptionalDouble.of(1.1),
          new TreeSet<>(List.of(7, 8)));

  private static SettledRequest settle(GenerationDefaults defaults, GenerateRequest.Builder asked) {
    return new Settling(new Models(List.of(model("m", defaults))), 100, () -> FRESH_SEED)
        .settle("id", asked.build());
  }

  private static GenerateRequest.Builder text() {
    return GenerateRequest.newBuilder().setText("hello");
  }

  @Test
  void openValuesAreTheModelsElseNeutral() {
    assertThat(settle(ALL, text()).sampling())
        .isEqualTo(new Sampling(0.6, 50, 0.9, 0, 1.1, 0, 0, FRESH_SEED));
    assertThat(settle(NONE, text()).sampling())
        .isEqualTo(new Sampling(1, 0, 1, 0, 1, 0, 0, FRESH_SEED));
  }

  @Test
  void theRequestsOwnWordsComeFirstZeroIncluded() {
    var own =
        dev.baton.proto.v1.Sampling.newBuilder()
            .setTemperature(0)
            .setTopK(0)
            .setTopP(0.5)
            .setMinP(0.1)
            .setRepetitionPenalty(1)
            .setPresencePenalty(-1)
            .setFrequencyPenalty(2)
            .setSeed(0);
    assertThat(settle(ALL, text().setSampling(own)).sampling())
        .isEqualTo(new Sampling(0, 0, 0.5, 0.1, 1, -1, 2, 0));
  }

  @Test
  void stopTokensAreTheModelsAndTheRequestsUnlessEosIsIgnored() {
    assertThat(settle(ALL, text().addStopTokenIds(3)).stopTokens()).containsExactly(3, 7, 8);
    assertThat(settle(ALL, text().addStopTokenIds(3).setIgnoreEos(true)).stopTokens())
        .containsExactly(3);
  }

  @Test
  void openLengthIsTheRoutersCutToTheContext() {
    assertThat(settle(NONE, text()).maxTokens()).isEqualTo(100);
    List<Integer> long500 = Collections.nCopies(500, 1);
    assertThat(
            settle(
                    NONE,
                    GenerateRequest.newBuilder()
                        .setTokens(TokenIds.newBuilder().addAllIds(long500)))
                .maxTokens())
        .isEqualTo(12);
  }

  @Test
  void promptAndAnswerMayFillTheContextToTheLastToken() {
    int prompt = settle(NONE, text()).prompt().length;
    assertThat(settle(NONE, text().setMaxTokens(TestModel.CONTEXT - prompt)).maxTokens())
        .isEqualTo(TestModel.CONTEXT - prompt);
    assertThatThrownBy(() -> settle(NONE, text().setMaxTokens(TestModel.CONTEXT - prompt + 1)))
        .hasMessageContaining(Integer.toString(TestModel.CONTEXT + 1))
        .hasMessageContaining(Integer.toString(TestModel.CONTEXT));
  }

  @Test
  void chatIsRenderedWithItsSpecialTokensAndTextGetsOnlyTheTokenizersOwn() {
    int[] plain = settle(NONE, text()).prompt();
    assertThat(plain).isEqualTo(TestModel.model().tokenizer().encode("hello", true));
    int[] chat =
        settle(
                NONE,
                GenerateRequest.newBuilder()
                    .setChat(
                        Chat.newBuilder()
                            .addMessages(
                                ChatMessage.newBuilder().setRole("user").setContent("hello"))))
            .prompt();
    String rendered = TestModel.model().tokenizer().decode(chat, false);
    assertThat(rendered)
        .contains("user")
        .contains("hello")
        .endsWith("assistant<|end_header_id|>\n\n");
    assertThat(Arrays.stream(chat).filter(id -> id == chat[0]).count())
        .as("one beginning of text, not two")
        .isEqualTo(1);
  }

  @Test
  void anEmptyNameMeansTheOnlyModel() {
    Settling two =
        new Settling(
            new Models(List.of(model("a", NONE), model("b", NONE))), 100, () -> FRESH_SEED);
    assertThatThrownBy(() -> two.settle("id", text().build()))
        .hasMessageContaining("model")
        .hasMessageContaining("[a, b]");
    assertThat(two.settle("id", text().setModel("b").build()).model().name()).isEqualTo("b");
    assertThat(settle(NONE, text()).model().name()).isEqualTo("m");
  }

  private static GenerateRequest.Builder begun(int... ids) {
    BegunChoice.Builder choice = BegunChoice.newBuilder();
    IntStream.of(ids).forEach(choice::addTokenIds);
    return text()
        .setMaxTokens(3)
        .addStopTokenIds(5)
        .setSampling(dev.baton.proto.v1.Sampling.newBuilder().setSeed(9))
        .addContinueFrom(choice);
  }

  @Test
  void whatTheClientHasOfAnAnswerIsTakenUpToItsEnd() {
    assertThat(settle(NONE, begun(1, 2, 5)).begun()).containsExactly(new int[] {1, 2, 5});
    assertThat(settle(NONE, begun()).begun()).containsExactly(new int[0]);
    assertThat(settle(NONE, text().setChoices(2)).begun()).containsExactly(new int[0], new int[0]);
  }

  static Stream<Arguments> cannotBeContinued() {
    return Stream.of(
        Arguments.of("continue_from", begun(1).setChoices(2)),
        Arguments.of("sampling.seed", begun(1).clearSampling()),
        Arguments.of("continue_from[0].token_ids", begun(1, 2, 3, 4)),
        Arguments.of("continue_from[0].token_ids[1]", begun(1, 1_000_000)),
        Arguments.of("continue_from[0].token_ids[0]", begun(5, 1)));
  }

  @ParameterizedTest
  @MethodSource("cannotBeContinued")
  void whatCannotBeContinuedIsRefusedByItsField(String field, GenerateRequest.Builder asked) {
    assertThatThrownBy(() -> settle(NONE, asked))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
              assertThat(e.field()).isEqualTo(field);
            });
  }
}
