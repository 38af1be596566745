package dev.baton.cli.bench.serve;

import dev.baton.cli.shell.Units;
import dev.baton.harness.load.GrpcTarget;
import dev.baton.harness.load.OpenAiTarget;
import dev.baton.harness.load.PromptKind;
import dev.baton.harness.load.Target;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which server is put under load, and how it is spoken to. */
final class TargetOptions {
  /** The APIs. */
  enum Api {
    OPENAI,
    GRPC;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--endpoint",
      required = true,
      paramLabel = "HOST:PORT",
      description = "The server: host:port, or the URL of an OpenAI API. Required.")
  private String endpoint = "";

  @Option(
      names = "--api",
      paramLabel = "openai|grpc",
      defaultValue = "OPENAI",
      description =
          "What it speaks: OpenAI's HTTP API (any server), or Baton's gRPC. Default: openai.")
  private Api api = Api.OPENAI;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "The model, where the server has several.")
  private @Nullable String model;

  @Option(
      names = "--kind",
      paramLabel = "chat|completion",
      defaultValue = "CHAT",
      description =
          "Prompts as the one message of a conversation, or as plain text to go on from. "
              + "Default: chat.")
  private PromptKind kind = PromptKind.CHAT;

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      defaultValue = "${env:OPENAI_API_KEY}",
      description = "Sent as a bearer token. Default: what OPENAI_API_KEY says, else none.")
  private @Nullable String apiKey;

  @Option(
      names = "--request-limit",
      paramLabel = "TIME",
      defaultValue = "10m",
      converter = Units.Durations.class,
      description = "A request that takes longer has failed. Default: ${DEFAULT-VALUE}.")
  private Duration requestLimit = Duration.ZERO;

  /** A server that answered, and what it is asked. */
  record Connected(Target target, String model, boolean ignoresEos) {}

  Connected connect() throws InterruptedException {
    return switch (api) {
      case OPENAI -> {
        OpenAiTarget target = OpenAiTarget.connect(endpoint, kind, model, requestLimit, apiKey);
        yield new Connected(target, target.model(), target.ignoresEos());
      }
      case GRPC -> {
        GrpcTarget target = GrpcTarget.connect(endpoint, kind, model, requestLimit, apiKey);
        yield new Connected(target, target.model(), true);
      }
    };
  }

  String endpoint() {
    return endpoint;
  }

  Api api() {
    return api;
  }

  PromptKind kind() {
    return kind;
  }
}
