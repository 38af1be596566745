package dev.baton.cli.demo;

import dev.baton.cli.local.ClusterEndpoints;
import dev.baton.cli.local.ClusterPlan;
import dev.baton.cli.local.DefaultModel;
import dev.baton.cli.local.LocalCluster;
import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.PrintableText;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.Stopped;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton demo}. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a whole cluster here, for one conversation and its account.",
      "The conversation has two turns and goes through the OpenAI door; the account says where the",
      "work was done and what moved. Then everything is stopped.",
      "Exit code 0 only if two different processes did prefill and decode, KV moved between them,",
      "and the second turn found the first one's KV."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton demo",
      "  baton demo --model ~/models/llama",
      "  baton demo --json | tail -n 1      the account as one JSON object"
    })
public final class DemoCommand implements Callable<Integer> {
  private static final String FIRST =
      "Two runners share one race. The first one reads the road ahead, the second one runs it to"
          + " its end. What passes from hand to hand between them?";
  private static final String SECOND = "And what happens when it falls?";

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Hugging Face model directory. Default: a random model, made once.")
  private @Nullable Path model;

  @Option(
      names = "--json",
      description = "The account as one JSON object, the only line on stdout; the rest on stderr.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    PrintStream out = json ? System.err : System.out;
    try (Progress progress = Progress.onStderr()) {
      Path directory = DefaultModel.orMade(model, progress);
      LocalCluster cluster = new LocalCluster(ClusterPlan.smallest(directory));
      LifeOptions.closeAtExit(cluster);
      try (cluster) {
        ClusterEndpoints endpoints = cluster.start(progress);
        progress.close();
        DemoAccount account = accountOf(cluster, endpoints, out);
        out.println(account.table());
        if (json) {
          System.out.println(JsonMapper.builder().build().writeValueAsString(account.fields()));
        }
      }
    }
    return 0;
  }

  /** A conversation that breaks because the cluster is being stopped has not failed. */
  private static DemoAccount accountOf(
      LocalCluster cluster, ClusterEndpoints endpoints, PrintStream out)
      throws InterruptedException {
    try {
      return converse(endpoints, out);
    } catch (Failure failure) {
      if (cluster.isClosing()) {
        throw new Stopped();
      }
      throw failure;
    }
  }

  private static DemoAccount converse(ClusterEndpoints endpoints, PrintStream out)
      throws InterruptedException {
    out.println(endpoints.table());
    if (DefaultModel.isRandom(endpoints.model())) {
      out.println("Note: " + DefaultModel.ANNOUNCEMENT + ".\n");
    }
    try (DemoConversation conversation =
        new DemoConversation(endpoints.http(), endpoints.modelName(), text -> show(text, out))) {
      Turn first = say(conversation, FIRST, out);
      Turn second = say(conversation, SECOND, out);
      return DemoAccount.of(endpoints, first, second);
    }
  }

  private static Turn say(DemoConversation conversation, String prompt, PrintStream out)
      throws InterruptedException {
    out.println("> " + prompt);
    Turn turn = conversation.say(prompt);
    out.println("\n");
    return turn;
  }

  private static void show(String text, PrintStream out) {
    out.print(PrintableText.of(text));
    out.flush();
  }
}
