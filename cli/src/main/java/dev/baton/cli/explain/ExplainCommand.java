package dev.baton.cli.explain;

import dev.baton.cli.shell.PrintableText;
import dev.baton.cluster.Endpoint;
import dev.baton.cluster.error.BatonException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code baton explain}. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    description = {
      "Says where a request was placed, and why: the prediction term by term, the next best options,",
      "every worker that was weighed and every one that was rejected. The id stands in the answer's",
      "x-request-id header, in its baton object, and in every log line about it."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton explain 3f9a12c47be05d18",
      "  baton explain my-request-7 --endpoint 10.0.0.1:8080 --endpoint 10.0.0.2:8080 --json"
    })
public final class ExplainCommand implements Callable<Integer> {
  @Parameters(paramLabel = "REQUEST_ID", description = "Id of the request.")
  private String request = "";

  @Option(
      names = "--endpoint",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:8080",
      description =
          "A router's HTTP port; once for each router that may know. Default: ${DEFAULT-VALUE}.")
  private List<String> endpoints = List.of();

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      defaultValue = "${env:OPENAI_API_KEY}",
      description = {
        "The key that the request came with: nobody sees another tenant's decisions.",
        "Default: what OPENAI_API_KEY says, else none."
      })
  private @Nullable String apiKey;

  @Option(names = "--json", description = "Print the router's answer as it is, on one line.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    JsonNode decision = new RouterDecisions(routers(), apiKey).of(request);
    if (json) {
      System.out.println(decision);
    } else {
      Explanation.lines(decision).forEach(line -> System.out.println(PrintableText.of(line)));
    }
    return 0;
  }

  private List<Endpoint> routers() {
    List<Endpoint> routers = new ArrayList<>();
    for (String each : endpoints) {
      try {
        routers.add(Endpoint.parse("--endpoint", each));
      } catch (BatonException wrong) {
        throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
      }
    }
    return routers;
  }
}
