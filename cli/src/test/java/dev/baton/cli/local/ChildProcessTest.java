package dev.baton.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cli.shell.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ChildProcessTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String READY =
      "echo starting; echo 'BATON_READY {\"role\":\"x\",\"id\":\"x-1\",\"pid\":7}'; ";

  @TempDir Path directory;

  private ChildProcess run(String script) {
    return ChildProcess.start("x-1", List.of("sh", "-c", script), directory.resolve("x-1.log"));
  }

  @Test
  void readyLineIsFoundAmongOthers() throws Exception {
    ChildProcess child = run(READY + "cat");
    assertThat(child.ready(LIMIT).pid()).isEqualTo(7);
    child.stop(LIMIT);
    assertThat(child.isAlive()).isFalse();
  }

  @Test
  void childThatDiesBeforeItIsReadyIsReportedWithTheEndOfItsLog() {
    ChildProcess child =
        run("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i >&2; done; exit 3");
    assertThatThrownBy(() -> child.ready(LIMIT))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("x-1 ended with exit code 3 before it was ready")
        .hasMessageContaining("line 12")
        .hasMessageNotContaining("line 2\n");
  }

  @Test
  void silentChildIsReportedAtTheLimit() {
    ChildProcess child = run("cat");
    assertThatThrownBy(() -> child.ready(Duration.ofMillis(50)))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("was not ready in time")
        .hasMessageContaining("(it wrote nothing)");
    child.stop(LIMIT);
  }

  @Test
  void childThatIgnoresSigtermIsForced() throws Exception {
    ChildProcess child = run("trap '' TERM; " + READY + "while :; do read -r x || sleep 1; done");
    child.ready(LIMIT);
    child.stop(Duration.ofMillis(200));
    assertThat(child.isAlive()).isFalse();
  }

  @Test
  void deathIsToldToTheListenerWithItsCode() throws Exception {
    CompletableFuture<Integer> code = new CompletableFuture<>();
    run("exit 5").onExit(code::complete);
    assertThat(code.get(30, TimeUnit.SECONDS)).isEqualTo(5);
  }

  @Test
  void stdinStaysOpenWhileTheParentLives() throws Exception {
    ChildProcess child = run(READY + "read -r x; exit 9");
    child.ready(LIMIT);
    assertThat(child.isAlive()).isTrue();
    child.stop(LIMIT);
  }

  @Test
  void commandThatDoesNotExistIsAFailure() {
    assertThatThrownBy(() ->
            ChildProcess.start("x-1", List.of("/no/such/program"), directory.resolve("x-1.log")))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("cannot start x-1");
  }
}
