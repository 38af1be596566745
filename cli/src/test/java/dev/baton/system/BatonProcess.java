package dev.baton.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One process of the real program, started by its launcher, that says when it is ready. */
final class BatonProcess implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String READY = "BATON_READY ";

  private final Process process;
  private final Path log;
  private final CompletableFuture<JsonNode> ready = new CompletableFuture<>();

  private BatonProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
    Thread.ofPlatform().daemon().start(this::read);
  }

  /** The repository's root, where the launcher is. */
  static Path root() {
    return Path.of(System.getProperty("baton.root")).toAbsolutePath();
  }

  static ProcessBuilder command(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(root().resolve("baton").toString()));
    command.addAll(arguments);
    return new ProcessBuilder(command);
  }

  /** Starts the program; its log and its temporary files go into the directory. */
  static BatonProcess start(Path directory, String name, List<String> arguments)
      throws IOException {
    return start(directory, name, arguments, Map.of());
  }

  /**
   * The same with the JVM's quick compiler alone, for a process that has so little to do that most
   * of it would be compiling: it starts with half the work.
   */
  static BatonProcess startQuick(Path directory, String name, List<String> arguments)
      throws IOException {
    return start(directory, name, arguments, Map.of("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1"));
  }

  private static BatonProcess start(
      Path directory, String name, List<String> arguments, Map<String, String> environment)
      throws IOException {
    Path log = directory.resolve(name + ".log");
    ProcessBuilder builder = command(arguments).redirectError(Redirect.appendTo(log.toFile()));
    builder.environment().put("TMPDIR", Files.createDirectories(temporary(directory)).toString());
    builder.environment().putAll(environment);
    return new BatonProcess(builder.start(), log);
  }

  /** Where processes that were started with this directory put their temporary files. */
  static Path temporary(Path directory) {
    return directory.resolve("tmp");
  }

  private void read() {
    try (BufferedReader out = process.inputReader()) {
      out.lines()
          .filter(line -> line.startsWith(READY))
          .forEach(line -> ready.complete(JSON.readTree(line.substring(READY.length()))));
    } catch (IOException | UncheckedIOException broken) {
      ready.completeExceptionally(broken);
    }
    ready.completeExceptionally(new IOException("ended before it was ready"));
  }

  /** What the process said when it was ready. */
  JsonNode ready() throws IOException {
    try {
      return ready.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      throw new IOException("not ready: " + e + "; its log:\n" + Files.readString(log), e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean alive() {
    return process.isAlive();
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** SIGSTOP: it stands still, and its connections stay open. */
  void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  void thaw() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    int code = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
    if (code != 0) {
      throw new IOException("kill -%s %d: exit code %d".formatted(name, pid(), code));
    }
  }

  /** SIGTERM; a process that does not end by it is an error. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(
            "pid " + process.pid() + " did not end at SIGTERM; log: " + log);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
