package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs {@link DigestMain} in JVMs that are held to a vector width or a compiler: every family with
 * every type of weights comes to the digest that it has here.
 */
class VectorWidthTest {
  @TempDir private Path directory;

  @BeforeEach
  void onlyOnX86() {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "UseAVX is x86's");
  }

  @Test
  void logitsAndKvAreTheSameBitsOnEveryVectorWidth() throws Exception {
    String here = digestsHere(List.of(WeightDtype.values()));
    Set<String> lanes = new HashSet<>(Set.of("lanes=" + Lanes.COUNT));
    List<String> reports = new ArrayList<>();
    for (int avx = 1; avx <= 3; avx++) {
      if (DigestMain.avx().equals(Integer.toString(avx))) {
        continue; // is here
      }
      String report = run("-XX:UseAVX=" + avx, List.of(WeightDtype.values()));
      reports.add(report);
      if (field(report, 0).equals("UseAVX=" + avx)) { // else the machine has less, and said so
        lanes.add(field(report, 1));
        assertThat(field(report, 2)).as(report).isEqualTo(here);
      }
    }
    assertThat(lanes).as("widths that ran: %s", reports).hasSizeGreaterThanOrEqualTo(2);
  }

  /** Of one type of weights, because vectors are slow there. */
  @Test
  void logitsAndKvAreTheSameBitsWithoutTheOptimizingCompiler() throws Exception {
    List<WeightDtype> dtypes = List.of(WeightDtype.BF16);
    assertThat(field(run("-XX:TieredStopAtLevel=1", dtypes), 2)).isEqualTo(digestsHere(dtypes));
  }

  private String digestsHere(List<WeightDtype> dtypes) {
    return DigestMain.digests(directory, dtypes).toString();
  }

  private static String field(String report, int index) {
    return report.strip().split(" ", 3)[index];
  }

  /** The report of a JVM with this flag. */
  private String run(String flag, List<WeightDtype> dtypes)
      throws IOException, InterruptedException {
    return DigestProcess.run(directory.resolve("forked" + flag), List.of(flag), dtypes)
        .filter(each -> each.startsWith("UseAVX="))
        .findFirst()
        .orElseThrow();
  }
}
