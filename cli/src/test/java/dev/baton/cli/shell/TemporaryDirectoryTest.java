package dev.baton.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryDirectoryTest {
  @TempDir Path elsewhere;

  @Test
  void everythingInItGoesWithItAndNothingBehindLinks() throws Exception {
    Path kept = Files.writeString(elsewhere.resolve("kept"), "x");
    TemporaryDirectory directory = TemporaryDirectory.create("baton-test-");
    Files.createDirectories(directory.path().resolve("a/b"));
    Files.writeString(directory.path().resolve("a/b/c"), "x");
    Files.createSymbolicLink(directory.path().resolve("link"), elsewhere);

    directory.close();
    directory.close();

    assertThat(directory.path()).doesNotExist();
    assertThat(kept).exists();
  }
}
