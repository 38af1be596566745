package dev.baton.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelFiles;
import dev.baton.model.random.RandomModel.Shape;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextStreamTest {
  private static final Shape SHAPE = new Shape(1, 32, 48, 4, 2, 2000, 64, true, WeightDtype.F32);

  @TempDir Path scratch;

  @ParameterizedTest
  @ValueSource(strings = {"bytes", "pieces.json", "metaspace.json"})
  void piecesTogetherAreTheWholeTextCutBeforeTheFirstStop(String kind) throws IOException {
    try (Tokenizer tokenizer = tokenizer(kind)) {
      for (int i = 0; i < 1500; i++) {
        long seed = RandomGenerator.getDefault().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        int[] ids = randomIds(random, tokenizer.vocabulary(), kind.equals("bytes"));
        String whole = tokenizer.decode(ids, true);
        List<String> stops = random.nextInt(3) == 0 ? List.of() : randomStops(random, whole);
        TextStream stream = new TextStream(tokenizer, stops);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
          text.append(stream.push(id));
        }
        text.append(stream.finish());
        assertThat(text.toString())
            .as("%s, seed %d, stops %s", kind, seed, stops)
            .isEqualTo(cut(whole, stops));
        assertThat(stream.stoppedBy().isPresent())
            .as("%s, seed %d, stops %s", kind, seed, stops)
            .isEqualTo(stops.stream().anyMatch(whole::contains));
      }
    }
  }

  @Test
  void halfCharactersWaitAndNothingElseDoes() throws IOException {
    try (Tokenizer tokenizer = tokenizer("bytes")) {
      TextStream stream = new TextStream(tokenizer, List.of());
      assertThat(stream.push('a')).isEqualTo("a");
      assertThat(stream.push(0xF0)).isEmpty();
      assertThat(stream.push(0x9F)).isEmpty();
      assertThat(stream.push(0x98)).isEmpty();
      assertThat(stream.push(0x80)).isEqualTo("\uD83D\uDE00");
      assertThat(stream.push(0xE4)).isEmpty();
      assertThat(stream.push('b')).isEqualTo("\uFFFDb");
      assertThat(stream.push(0xE4)).isEmpty();
      assertThat(stream.finish()).isEqualTo("\uFFFD");
    }
  }

  @Test
  void stopStringAcrossTokensIsFoundAndTextAfterItIsNot() throws IOException {
    try (Tokenizer tokenizer = tokenizer("bytes")) {
      TextStream stream = new TextStream(tokenizer, List.of("END", "xyz"));
      assertThat(push(stream, "one E")).isEqualTo("one ");
      assertThat(push(stream, "N")).isEmpty();
      assertThat(push(stream, "E")).isEqualTo("EN");
      assertThat(push(stream, "ND more")).isEmpty();
      assertThat(stream.stoppedBy()).contains("END");
      assertThat(stream.finish()).isEmpty();
    }
  }

  @Test
  void textThatOnlyBeginsAStopStringComesAtTheEnd() throws IOException {
    try (Tokenizer tokenizer = tokenizer("bytes")) {
      TextStream stream = new TextStream(tokenizer, List.of("</s>"));
      assertThat(push(stream, "a </s")).isEqualTo("a ");
      assertThat(stream.stoppedBy()).isEmpty();
      assertThat(stream.finish()).isEqualTo("</s");
    }
  }

  @Test
  void specialAndUnknownTokensHaveNoText() throws IOException {
    try (Tokenizer tokenizer = tokenizer("bytes")) {
      TextStream stream = new TextStream(tokenizer, List.of());
      assertThat(stream.push(1999)).isEmpty();
      assertThat(stream.push(5000)).isEmpty();
      assertThat(stream.push(-1)).isEmpty();
      assertThat(stream.push('a')).isEqualTo("a");
      assertThat(stream.finish()).isEmpty();
    }
  }

  @Test
  void emptyStopStringIsRefused() throws IOException {
    try (Tokenizer tokenizer = tokenizer("bytes")) {
      assertThatThrownBy(() -> new TextStream(tokenizer, List.of("a", "")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("stop");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes", "pieces.json", "metaspace.json"})
  void costOfATokenDoesNotGrow(String kind) throws IOException {
    try (Tokenizer tokenizer = tokenizer(kind)) {
      TextStream stream = new TextStream(tokenizer, List.of("never to be found"));
      int[] unit = tokenizer.encode("the dog", false);
      long length = 0;
      long start = System.nanoTime();
      for (int i = 0; i < 50_000; i++) {
        length += stream.push(unit[i % unit.length]).length();
      }
      // Quadratic cost would be tens of thousands of characters for each of these tokens.
      assertThat((System.nanoTime() - start) / 1_000_000).as("milliseconds").isLessThan(20_000);
      assertThat(length).isGreaterThan(50_000);
    }
  }

  private static String push(TextStream stream, String ascii) {
    StringBuilder text = new StringBuilder();
    ascii.chars().forEach(each -> text.append(stream.push(each)));
    return text.toString();
  }

  private static int[] randomIds(SplittableRandom random, int vocabulary, boolean bytes) {
    int[] ids = new int[random.nextInt(40)];
    for (int i = 0; i < ids.length; i++) {
      // Loose bytes often: they are where characters break.
      boolean loose = bytes && random.nextInt(3) == 0;
      ids[i] = random.nextInt(loose ? 256 : vocabulary + 3);
    }
    return ids;
  }

  /** Pieces of the text, mostly, so that they are found; one of them longer than what is there. */
  private static List<String> randomStops(SplittableRandom random, String whole) {
    List<String> stops = new ArrayList<>(List.of("\u0000never"));
    for (int i = random.nextInt(4); i > 0 && !whole.isEmpty(); i--) {
      int from =
          whole.offsetByCodePoints(0, random.nextInt(whole.codePointCount(0, whole.length())));
      int letters = Math.min(1 + random.nextInt(5), whole.codePointCount(from, whole.length()));
      String stop = whole.substring(from, whole.offsetByCodePoints(from, letters));
      stops.add(random.nextInt(3) == 0 ? stop + "~" : stop);
    }
    return stops;
  }

  /** By definition: before the stop string that ends first; of those, the one that begins first. */
  private static String cut(String whole, List<String> stops) {
    for (int end = 1; end <= whole.length(); end++) {
      String before = whole.substring(0, end);
      var found =
          stops.stream()
              .filter(before::endsWith)
              .mapToInt(each -> before.length() - each.length())
              .min();
      if (found.isPresent()) {
        return whole.substring(0, found.getAsInt());
      }
    }
    return whole;
  }

  private Tokenizer tokenizer(String kind) throws IOException {
    Path directory = ModelFiles.write(scratch, SHAPE, 1);
    if (!kind.equals("bytes")) {
      Files.copy(
          Path.of("src/test/resources/tokenizers", kind),
          directory.resolve("tokenizer.json"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    return Tokenizer.open(ModelDirectory.open(directory));
  }
}
