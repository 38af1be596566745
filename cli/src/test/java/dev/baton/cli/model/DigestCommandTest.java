package dev.baton.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.shell.OneLineErrors;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton model digest} on a model that takes it no time. */
class DigestCommandTest {
  private static final int CONTEXT = 90;

  @TempDir private Path directory;
  private Path model = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeAModel() {
    model = directory.resolve("tiny");
    RandomModel.write(
        model, new RandomModel.Shape(2, 64, 96, 4, 2, 300, CONTEXT, false, WeightDtype.BF16), 1);
  }

  @Test
  void threadsChangeNoDigest() {
    JsonNode one = report("--threads", "1");
    JsonNode two = report("--threads", "2");
    for (String each : List.of("digest", "logits_sha256", "kv_sha256", "lineage")) {
      assertThat(one.get(each).stringValue()).as(each).matches("[0-9a-f]{64}");
      assertThat(two.get(each)).as(each).isEqualTo(one.get(each));
    }
    assertThat(one.get("threads").intValue()).isEqualTo(1);
    assertThat(two.get("threads").intValue()).isEqualTo(2);
    assertThat(one.get("tokens").intValue())
        .as("the context is shorter than 300")
        .isEqualTo(CONTEXT);
  }

  @Test
  void expectedDigestIsAccepted() {
    String digest = report().get("digest").stringValue();
    assertThat(run("--expect", digest)).isZero();
    assertThat(out.toString()).contains(digest);
  }

  @Test
  void anotherDigestThanTheExpectedOneFailsInASentence() {
    assertThat(run("--expect", "0".repeat(64))).isEqualTo(1);
    assertThat(err.toString()).contains("the digest is ", "expected 0000", "lineage");
  }

  @Test
  void otherTokensOrBlocksAreAnotherDigest() {
    String digest = report().get("digest").stringValue();
    assertThat(report("--tokens", "89").get("digest").stringValue()).isNotEqualTo(digest);
    assertThat(report("--block-tokens", "8").get("digest").stringValue()).isNotEqualTo(digest);
  }

  @Test
  void sequencesThatTheModelCannotHoldAreRefused() {
    assertThat(run("--tokens", "91")).isEqualTo(2);
    assertThat(err.toString()).contains("--tokens: 91, expected 1 to 90");
  }

  private JsonNode report(String... flags) {
    String[] all = Stream.concat(Stream.of(flags), Stream.of("--json")).toArray(String[]::new);
    out.getBuffer().setLength(0);
    assertThat(run(all)).as(err.toString()).isZero();
    return JsonMapper.shared().readTree(out.toString());
  }

  private int run(String... flags) {
    String[] all =
        Stream.concat(Stream.of(model.toString()), Stream.of(flags)).toArray(String[]::new);
    OneLineErrors errors = new OneLineErrors(() -> false);
    return new CommandLine(new DigestCommand())
        .setParameterExceptionHandler(errors)
        .setExecutionExceptionHandler(errors)
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(all);
  }
}
