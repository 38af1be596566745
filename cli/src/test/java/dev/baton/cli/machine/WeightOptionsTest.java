package dev.baton.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class WeightOptionsTest {
  @Test
  void cacheIsWhereTheXdgStandardSays() {
    assertThat(WeightOptions.directory("/caches", "/home/me"))
        .contains(Path.of("/caches/baton/weights"));
    assertThat(WeightOptions.directory(null, "/home/me"))
        .contains(Path.of("/home/me/.cache/baton/weights"));
    assertThat(WeightOptions.directory("relative", "/home/me"))
        .contains(Path.of("/home/me/.cache/baton/weights"));
    assertThat(WeightOptions.directory("", "/home/me"))
        .contains(Path.of("/home/me/.cache/baton/weights"));
  }

  /** As the JVM calls the home of a user who has none. */
  @Test
  void withoutAHomeThereIsNone() {
    assertThat(WeightOptions.directory(null, "?")).isEmpty();
  }

  @Test
  void otherProcessesAreToldWhatTheUserChoseAndNothingElse() {
    assertThat(new WeightOptions().arguments()).isEmpty();
    assertThat(arguments("--weights-cache", "off")).containsExactly("--weights-cache", "off");
    assertThat(arguments("--weights-cache", "/fast/weights"))
        .containsExactly("--weights-cache", "/fast/weights");
    assertThat(arguments("--weights-cache", "here"))
        .containsExactly("--weights-cache", Path.of("here").toAbsolutePath().toString());
  }

  private static List<String> arguments(String... flags) {
    Told told = new Told();
    new CommandLine(told).parseArgs(flags);
    return told.weights.arguments();
  }

  @Command
  private static final class Told {
    @Mixin private WeightOptions weights = new WeightOptions();
  }
}
