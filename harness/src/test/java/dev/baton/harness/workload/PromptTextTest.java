package dev.baton.harness.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.text.Tokenizer;
import dev.baton.model.weights.WeightDtype;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTextTest {
  private static final PromptText TEXT = new PromptText(WordCosts.oneEach(), 1);

  private static PromptShape shape(int blockTokens, int tokens, long... blocks) {
    return new PromptShape(LongStream.of(blocks).boxed().toList(), blockTokens, tokens);
  }

  @Test
  void equalIdsGiveEqualTextWhereverThePromptGoesOn() {
    String shared = TEXT.of(shape(512, 1024, 3, 4));

    assertThat(TEXT.of(shape(512, 1536, 3, 4, 5))).startsWith(shared);
    assertThat(TEXT.of(shape(512, 2000, 3, 4, 9, 1))).startsWith(shared);
    assertThat(new PromptText(WordCosts.oneEach(), 1).of(shape(512, 1024, 3, 4))).isEqualTo(shared);
  }

  @Test
  void aPartlyFilledBlockIsTheBeginningOfTheFullOne() {
    assertThat(TEXT.of(shape(512, 512, 3))).startsWith(TEXT.of(shape(512, 100, 3)));
  }

  @Test
  void differentIdsDifferWithinTheirFirstEightWords() {
    Set<String> texts = new HashSet<>();
    for (long id = -5000; id < 5000; id++) {
      texts.add(TEXT.of(shape(8, 8, id)));
    }

    assertThat(texts).hasSize(10_000);
  }

  @Test
  void anotherSaltGivesOtherTexts() {
    PromptShape shape = shape(512, 512, 3);

    assertThat(new PromptText(WordCosts.oneEach(), 2).of(shape)).isNotEqualTo(TEXT.of(shape));
  }

  @Test
  void whatTheServerAddsIsTakenOffTheLastBlock() {
    double[] costs = WordCosts.oneEach().perWord();
    PromptText text = new PromptText(new WordCosts(costs, 20, "test"), 1);

    assertThat(text.of(shape(64, 128, 1, 2)).strip().split(" ")).hasSize(108);
    assertThat(text.of(shape(64, 5, 1)).strip().split(" ")).hasSize(1);
  }

  @Test
  void usageOfTwoPromptsTellsWhatWordsCostAndWhatIsAdded() {
    WordCosts costs = WordCosts.ofUsage(new int[] {64, 256}, new int[] {64 * 3 + 11, 256 * 3 + 11});

    assertThat(costs.perWord()).containsOnly(3.0);
    assertThat(costs.overhead()).isEqualTo(11);
  }

  @Test
  void theModelsTokenizerCountsWhatTheShapeSays(@TempDir Path directory) {
    RandomModel.write(
        directory, new RandomModel.Shape(1, 8, 16, 2, 1, 1024, 512, true, WeightDtype.F32), 7);
    ModelDirectory model = ModelDirectory.open(directory);
    PromptText text = new PromptText(WordCosts.ofTokenizer(model, false), 1);
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      for (int tokens : List.of(40, 512, 1300, 5000)) {
        long[] blocks = LongStream.range(0, Math.ceilDiv(tokens, 512)).toArray();
        int counted = tokenizer.encode(text.of(shape(512, tokens, blocks)), true).length;

        assertThat((double) counted).isCloseTo(tokens, within(0.02 * tokens + 1));
      }
    }
  }
}
