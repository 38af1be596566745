package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class BatonTest {
  private record Outcome(int code, String out, String err) {}

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Baton.commandLine(arguments)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Outcome(code, out.toString(), err.toString());
  }

  static List<CommandLine> commands() {
    List<CommandLine> all = new ArrayList<>();
    collect(Baton.commandLine(), all);
    return all;
  }

  private static void collect(CommandLine command, List<CommandLine> all) {
    all.add(command);
    command.getSubcommands().values().forEach(each -> collect(each, all));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandExplainsItself(CommandLine command) {
    String help = command.getUsageMessage();
    assertThat(help).contains("--help", "--verbose").doesNotContain("${");
    assertThat(command.getCommandSpec().usageMessage().description()).isNotEmpty();
    boolean acts = command.getSubcommands().isEmpty();
    if (acts) {
      assertThat(command.getCommandSpec().usageMessage().footer()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nosuch",
        "up --nosuch",
        "up --prefill x",
        "up --decode 0",
        "up --http-port 65536",
        "zookeeper --port -1",
        "soak --duration 0s",
        "soak --clients 0",
        "worker",
        "profile",
        "profile predict --hardware H100",
        "profile predict --hardware H101 --spec llama-3.1-8b",
        "profile predict --hardware H100 --spec llama-3.1-70b",
        "profile predict --hardware H100 --spec nosuch",
        "profile predict --hardware H100 --spec llama-3.1-8b --prompt 0",
        "profile hardware --threads 0",
        "worker prefill",
        "worker decode --model /m --stall-limit 30",
        "worker prefill --model /m --disk-tier /d --disk-tier-bytes 8x",
        "up --disk-tier",
        "up --weights-cache",
        "worker decode --model /m --weights-cache",
        "router --model /m --max-body 1z",
        "chat",
        "chat --up --endpoint 127.0.0.1:1",
        "chat --endpoint nowhere",
        "chat --endpoint 127.0.0.1:1 --max-tokens 0",
        "explain",
        "explain req-1 --endpoint nowhere",
        "worker mixed",
        "worker mixed --model /m --first-port 65531",
        "model digest",
        "model digest /m --threads 0",
        "model digest /m --expect abc",
        "model random --out /tmp/x --heads 3 --kv-heads 2",
        "model random --out /tmp/x --family nosuch",
        "model random --out /tmp/x --sliding-window 64",
        "model random --out /tmp/x --family mistral --sliding-window 4096",
        "model random --out /tmp/x --like nosuch",
        "model random --out /tmp/x --dtype I8",
        "model quantize /m",
        "model quantize --out /tmp/x",
        "model compare /m --text /t",
        "model compare /m /n",
        "model random --out /tmp/x --like qwen2.5-0.5b --layers 2",
        "zookeeper --log-level loud"
      })
  void wrongFlagsGiveOneLineAndExitCode2(String line) {
    Outcome outcome = run(line.split(" "));
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(outcome.err()).startsWith("baton").contains("--help");
    assertThat(outcome.out()).isEmpty();
  }

  @Test
  void failureIsOneLineWithoutAStackAndExitCode1() {
    Outcome outcome =
        run("up", "--model", "/no/such/model", "--http-port", "0", "--grpc-port", "0");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(outcome.err()).startsWith("baton up: ").contains("/no/such/model");
  }

  @Test
  void verboseShowsTheStackToo() {
    Outcome outcome =
        run("--verbose", "up", "--model", "/no/such/model", "--http-port", "0", "--grpc-port", "0");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("\tat dev.baton");
  }
}
