package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link DigestMain} in a JVM of its own. */
final class DigestProcess {
  private DigestProcess() {}

  /** All lines that it printed; the JVM ended well. */
  static Stream<String> run(Path models, List<String> flags, List<WeightDtype> dtypes)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(
        List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            DigestMain.class.getName(),
            models.toString()));
    dtypes.forEach(each -> command.add(each.name()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", flags, output).isZero();
    return output.lines();
  }
}
