package dev.baton.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class JavaCommandTest {
  @Test
  void childrenInheritFlagsButNotTheShortCommandsOwn() {
    List<String> flags =
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-Xmx1g",
            "-agentlib:jdwp=transport=dt_socket",
            "--add-modules=jdk.incubator.vector",
            "-XX:PerMethodTrapLimit=100000",
            "-XX:CompileCommand=quiet",
            "-Djava.io.tmpdir=/some where");
    assertThat(JavaCommand.inherited(flags))
        .containsExactly(
            "--enable-native-access=ALL-UNNAMED", "-Xmx1g", "-Djava.io.tmpdir=/some where");
  }

  @Test
  void onlyProcessesWithAnEngineGetTheVectorApi() {
    assertThat(JavaCommand.withEngine(List.of(), List.of("worker")))
        .containsOnlyOnce("--add-modules=jdk.incubator.vector")
        .endsWith("dev.baton.cli.Baton", "worker");
    assertThat(JavaCommand.of(List.of("router")))
        .doesNotContain("--add-modules=jdk.incubator.vector");
  }
}
