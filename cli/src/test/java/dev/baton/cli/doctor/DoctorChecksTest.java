package dev.baton.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.doctor.Finding.Verdict;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorChecksTest {
  @TempDir Path directory;

  @Test
  void otherJdkFailsAndTheMendNamesTheVariable() {
    Finding finding = MachineChecks.jdk(Runtime.Version.parse("21.0.2"));
    assertThat(finding.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(finding.line()).contains("fail", "21.0.2", "to mend:", "BATON_JAVA_HOME");
    assertThat(MachineChecks.jdk(Runtime.Version.parse("25.0.3")).verdict()).isEqualTo(Verdict.OK);
  }

  @Test
  void littleMemoryAndOneProcessorAreWarnings() {
    assertThat(MachineChecks.memory(1L << 30, 0).verdict()).isEqualTo(Verdict.WARN);
    assertThat(MachineChecks.memory(8L << 30, 0).verdict()).isEqualTo(Verdict.OK);
    assertThat(MachineChecks.processors(1).verdict()).isEqualTo(Verdict.WARN);
  }

  @Test
  void takenPortIsNamedWithItsOwner() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Finding finding = NetworkChecks.port("a test", server.getLocalPort());
      assertThat(finding.verdict()).isEqualTo(Verdict.WARN);
      if (Files.isReadable(Path.of("/proc/net/tcp"))) {
        assertThat(finding.detail()).contains("pid " + ProcessHandle.current().pid());
      }
    }
  }

  @Test
  void directoryThatCannotBeMadeFails() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "x");
    assertThat(MachineChecks.writable("home", directory, "X").verdict()).isEqualTo(Verdict.OK);
    assertThat(MachineChecks.writable("home", file.resolve("sub"), "X").verdict())
        .isEqualTo(Verdict.FAIL);
    assertThat(directory).isDirectoryContaining("glob:**/file");
  }

  @Test
  void zooKeeperThatIsNotThereFails() {
    assertThat(NetworkChecks.zooKeeper("127.0.0.1:1").verdict()).isEqualTo(Verdict.FAIL);
    assertThat(NetworkChecks.zooKeeper("nonsense").detail()).contains("is no HOST:PORT");
  }

  @Test
  void embeddedZooKeeperStartsAndAnswers() {
    assertThat(NetworkChecks.embeddedZooKeeper().line()).startsWith("ok");
  }

  @Test
  void brokenModelDirectoryFailsWithTheFileAtFault() throws Exception {
    Files.writeString(directory.resolve("config.json"), "{");
    assertThat(ModelChecks.of(directory))
        .hasSize(1)
        .first()
        .satisfies(finding -> {
          assertThat(finding.verdict()).isEqualTo(Verdict.FAIL);
          assertThat(finding.detail()).contains("config.json");
        });
  }
}
