package dev.baton.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.profile.ModelSpecs;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.random.RandomModel.Shape;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class QuantizeCommandTest {
  @TempDir private Path scratch;
  private Path model = Path.of("");
  private Path out = Path.of("");

  private record Outcome(int code, String out, String err) {}

  @BeforeEach
  void writeModel() {
    model = scratch.resolve("model");
    out = scratch.resolve("int8");
    RandomModel.write(model, new Shape(2, 64, 96, 4, 2, 300, 128, false, WeightDtype.BF16), 3);
  }

  @Test
  void whatItWritesIsInt8AndAboutHalfTheSize() throws IOException {
    Outcome outcome = run(model.toString(), "--out", out.toString());

    assertThat(outcome.code()).isZero();
    assertThat(outcome.out()).contains("16 matrices of int8");
    assertThat(outcome.err()).isEmpty();
    try (Weights weights = Weights.open(ModelDirectory.open(out))) {
      assertThat(weights.tensor("lm_head.weight").dtype()).isEqualTo(WeightDtype.I8);
    }
    double ratio =
        (double) Files.size(out.resolve(Weights.FILE)) / Files.size(model.resolve(Weights.FILE));
    assertThat(ratio).isBetween(0.5, 0.6);
  }

  @Test
  void theReportHasSizesAndTheLossOfTheText() throws IOException {
    Path text = Files.writeString(scratch.resolve("text"), "barata zip and so on and so forth");

    Outcome outcome =
        run(
            model.toString(),
            "--out",
            out.toString(),
            "--text",
            text.toString(),
            "--window",
            "16",
            "--json");

    JsonNode report = JsonMapper.shared().readTree(outcome.out());
    assertThat(report.get("bytes_after").longValue())
        .isLessThan(report.get("bytes_before").longValue());
    assertThat(report.get("int8_matrices").intValue()).isEqualTo(16);
    assertThat(report.get("left_matrices").size()).isZero();
    assertThat(report.at("/loss/perplexity").doubleValue()).isGreaterThan(1);
    assertThat(report.at("/loss/top_1_agreement").doubleValue()).isBetween(0.0, 1.0);
  }

  @Test
  void nothingIsWrittenWhereAFlagCannotBeMeantOrTheTextIsMissing() {
    Outcome window = run(model.toString(), "--out", out.toString(), "--window", "129");
    assertThat(window.code()).isEqualTo(2);
    assertThat(window.err()).contains("129", "128");
    Outcome text = run(model.toString(), "--out", out.toString(), "--text", "/no/such/text");
    assertThat(text.code()).isEqualTo(1);
    assertThat(out).doesNotExist();
  }

  @Test
  void bytesOfAWeightAreThoseOfAnElementAndItsShareOfAScale() {
    run(model.toString(), "--out", out.toString());
    assertThat(ModelSpecs.embedded(ModelDirectory.open(model)).bytesPerWeight()).isEqualTo(2);
    assertThat(ModelSpecs.embedded(ModelDirectory.open(out)).bytesPerWeight()).isEqualTo(1.0625);
  }

  private static Outcome run(String... arguments) {
    StringWriter err = new StringWriter();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    try (PrintStream captured = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      System.setOut(captured);
      int code =
          new CommandLine(new QuantizeCommand()).setErr(new PrintWriter(err)).execute(arguments);
      return new Outcome(code, printed.toString(StandardCharsets.UTF_8), err.toString());
    } finally {
      System.setOut(before);
    }
  }
}
