package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.weights.WeightDtype;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCompilationTest {
  /** A line of {@code -XX:+PrintCompilation}: time, number, marks, level, method. */
  private static final Pattern COMPILED =
      Pattern.compile(
          "\\s*\\d+\\s+\\d+[\\s%sb!n]+(\\d)\\s+dev\\.baton\\.engine\\.cpu\\.(\\w+)::(\\w+) .*");

  @TempDir private Path directory;

  @Test
  void kernelsAreCompiledByTheOptimizingCompilerAlone() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("with a blank"));
    List<String> flags = List.of("-XX:+PrintCompilation", "-Djava.io.tmpdir=" + temporary);
    List<String> optimized = new ArrayList<>();
    List<String> others = new ArrayList<>();
    List<String> lines =
        DigestProcess.run(directory.resolve("models"), flags, List.of(WeightDtype.I8)).toList();
    assertThat(lines).noneMatch(line -> line.contains("left to the JVM's compilers"));
    lines.stream()
        .map(COMPILED::matcher)
        .filter(Matcher::matches)
        .filter(line -> isKernel(line.group(2), line.group(3)))
        .forEach(line -> (line.group(1).equals("4") ? optimized : others).add(line.group()));
    assertThat(optimized).anyMatch(line -> line.contains("SixRows"));
    assertThat(optimized).anyMatch(line -> line.contains("Int8FourGroups"));
    assertThat(others).isEmpty();
    assertThat(temporary).isEmptyDirectory();
  }

  private static boolean isKernel(String type, String method) {
    return type.equals("SixRowsByFour")
        || type.equals("SixRowsByTwo")
        || type.equals("Int8OneRow")
        || type.equals("Int8FourGroups")
        || type.equals("Int8FourRows")
        || type.equals("Int8Panels") && method.equals("widenGroups");
  }
}
