package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@link DigestMain} in JVMs that are held to a vector width or a compiler. */
class VectorWidthTest {
  @TempDir private Path directory;

  @Test
  void logitsAndKvAreTheSameBitsOnEveryVectorWidth() throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "UseAVX is x86's");
    Set<String> digests = new HashSet<>(DigestMain.digests(directory, 1));
    Set<String> lanes = new HashSet<>();
    List<String> reports = new ArrayList<>();
    for (int avx = 1; avx <= 3; avx++) {
      String report = run("-XX:UseAVX=" + avx, 5);
      reports.add(report);
      if (field(report, 0).equals("UseAVX=" + avx)) { // else the machine has less, and said so
        lanes.add(field(report, 1));
        digests.add(field(report, 2));
      }
    }
    assertThat(lanes).as("widths that ran: %s", reports).hasSizeGreaterThanOrEqualTo(2);
    assertThat(digestsOf(digests)).as("digests: %s", reports).hasSize(1);
  }

  @Test
  void logitsAndKvAreTheSameBitsWithoutTheOptimizingCompiler() throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "UseAVX is x86's");
    Set<String> digests = new HashSet<>(DigestMain.digests(directory, 1));
    digests.add(field(run("-XX:TieredStopAtLevel=1", 1), 2));
    assertThat(digestsOf(digests)).hasSize(1);
  }

  private static Set<String> digestsOf(Set<String> reported) {
    Set<String> plain = new HashSet<>();
    reported.forEach(each -> plain.add(each.replace("digests=[", "").replace("]", "")));
    return plain;
  }

  private static String field(String report, int index) {
    return report.strip().split(" ", 3)[index];
  }

  /** The report, the last line that the JVM prints. */
  private String run(String flag, int rounds) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                flag,
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                DigestMain.class.getName(),
                directory.resolve("forked").toString(),
                Integer.toString(rounds))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", flag, output).isZero();
    return output.lines().filter(each -> each.startsWith("UseAVX=")).findFirst().orElseThrow();
  }
}
