package dev.baton.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.ModelFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  @TempDir Path scratch;
  private ModelDirectory model;

  @BeforeEach
  void write() {
    model = ModelDirectory.open(ModelFiles.tiny(scratch));
  }

  @Test
  void sentencePiecesHaveTheirBytes() throws IOException {
    try (Tokenizer tokenizer = of("pieces.json")) {
      int[] ids = tokenizer.encode("the \u4f60 fox", true);
      assertThat(tokenizer.token(ids[0])).isEqualTo("<s>");
      assertThat(tokenizer.token(ids[1])).isEqualTo(" the");
      assertThat(tokenizer.token(ids[3])).isEqualTo("bytes:\\xe4");
      assertThat(tokenizer.tokenBytes(ids[3])).containsExactly(0xE4);
      assertThat(tokenizer.tokenBytes(ids[1])).isEqualTo(" the".getBytes(StandardCharsets.UTF_8));
      assertThat(tokenizer.decode(ids, true)).isEqualTo("the \u4f60 fox");
      assertThat(tokenizer.encode("the", false)).hasSize(1);
    }
  }

  @Test
  void byteLevelTokensHaveTheirBytes() {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      for (int id = 0; id < 256; id++) {
        assertThat(tokenizer.tokenBytes(id)).containsExactly(id);
      }
      assertThat(tokenizer.token('a')).isEqualTo("a");
      assertThat(tokenizer.token(0xE4)).isEqualTo("bytes:\\xe4");
      assertThat(tokenizer.token(295)).isEqualTo("<|begin_of_text|>");
      assertThat(tokenizer.tokenBytes(295)).hasSize("<|begin_of_text|>".length());
      for (int unknown : new int[] {-1, 300, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        assertThat(tokenizer.tokenBytes(unknown)).isEmpty();
        assertThat(tokenizer.token(unknown)).isEmpty();
        assertThat(tokenizer.decode(new int[] {'a', unknown, 'b'}, true)).isEqualTo("ab");
      }
    }
  }

  @Test
  void specialTokensInTheTextAreTokensAndMayBeSkipped() {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      int[] ids = tokenizer.encode("a<|eot_id|>b", false);
      assertThat(ids).containsExactly('a', 299, 'b');
      assertThat(tokenizer.decode(ids, false)).isEqualTo("a<|eot_id|>b");
      assertThat(tokenizer.decode(ids, true)).isEqualTo("ab");
    }
  }

  @Test
  void longTextIsNeitherCutNorPaddedWhateverTheFileSays() throws IOException {
    ModelFiles.edit(
        model.path(),
        "tokenizer.json",
        each -> {
          each.putObject("truncation")
              .put("direction", "Right")
              .put("max_length", 4)
              .put("strategy", "LongestFirst")
              .put("stride", 0);
          each.putObject("padding")
              .put("direction", "Right")
              .put("pad_id", 0)
              .put("pad_type_id", 0)
              .put("pad_token", "!")
              .putNull("pad_to_multiple_of")
              .putObject("strategy")
              .put("Fixed", 5000);
        });
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      assertThat(tokenizer.encode("xq".repeat(2000), false)).hasSize(4000);
    }
  }

  @Test
  void oddTextNeitherFailsNorCrashes() {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      assertThat(tokenizer.encode("", false)).isEmpty();
      assertThat(tokenizer.decode(new int[0], true)).isEmpty();
      int[] ids = tokenizer.encode("a\uD800b\uDC00\u0000c\uD83D\uDE00", false);
      assertThat(tokenizer.decode(ids, false)).isEqualTo("a\uFFFDb\uFFFD\u0000c\uD83D\uDE00");
    }
  }

  @Test
  void closedTokenizerThrowsAndDoesNotCrash() {
    Tokenizer tokenizer = Tokenizer.open(model);
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("a", false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"model\": 7}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 2147483647}, \"merges\": []}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": \"b\"}, \"merges\": []}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"x y\"]}}",
        "{\"model\": {\"type\": \"Nonsense\", \"vocab\": {\"a\": 0}}}",
        "{\"added_tokens\": [{\"id\": 0}], \"model\": {\"vocab\": {\"a\": 0}}}",
      })
  void fileThatIsNoTokenizerIsATypedError(String content) throws IOException {
    Files.writeString(model.path().resolve("tokenizer.json"), content);
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("tokenizer.json");
  }

  @Test
  void missingTokenizerIsNamed() throws IOException {
    Files.delete(model.path().resolve("tokenizer.json"));
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.code()).isEqualTo(Code.FILE_MISSING))
        .hasMessageContaining("tokenizer.json");
  }

  private Tokenizer of(String fixture) throws IOException {
    Files.copy(
        Path.of("src/test/resources/tokenizers", fixture),
        model.path().resolve("tokenizer.json"),
        StandardCopyOption.REPLACE_EXISTING);
    return Tokenizer.open(model);
  }
}
