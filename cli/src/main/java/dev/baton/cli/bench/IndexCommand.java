package dev.baton.cli.bench;

import dev.baton.cli.shell.Progress;
import dev.baton.cluster.process.ProcessLogging;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench index}. */
@Command(
    name = "index",
    mixinStandardHelpOptions = true,
    description = {
      "How fast a router's prefix index is, on one core: the mix in CPU time of the one thread,",
      "all else by the wall clock.",
      "Replays a trace against workers with bounded caches: for each request one lookup of its",
      "blocks, then what leaves the worker's cache is removed and what is new there is stored.",
      "Only block operations that were done are counted: a lookup ends where nobody has the next",
      "block. 16 tenants send the trace at once, so that the whole table is in use."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton bench index --synthetic",
      "  baton bench index --trace conversation_trace.jsonl --json",
      "The trace: github.com/kvcache-ai/Mooncake, FAST25-release/traces."
    })
final class IndexCommand implements Callable<Integer> {
  private static final int SYNTHETIC_REQUESTS = 12_000;
  private static final int MOST_WORKERS = 2048;
  private static final int WARM_UP_WORKERS = 256;
  private static final int WARM_UP_ENTRIES = 500_000;

  @ArgGroup(multiplicity = "1")
  private Source source = new Source();

  private static final class Source {
    @Option(
        names = "--trace",
        paramLabel = "FILE",
        description = "JSON lines with hash_ids, as Mooncake publishes them.")
    private @Nullable Path trace;

    @Option(names = "--synthetic", description = "A made-up trace of conversations instead.")
    private boolean synthetic;
  }

  @Option(
      names = "--workers",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,64,1024",
      description = "Numbers of workers, one run each. Default: ${DEFAULT-VALUE}.")
  private List<Integer> workers = new ArrayList<>();

  @Option(
      names = "--entries",
      paramLabel = "N",
      defaultValue = "4000000",
      description = "Blocks that all workers' caches hold together. Default: ${DEFAULT-VALUE}.")
  private int entries;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Measured time of each run. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of everything drawn at random. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    ProcessLogging.plain(Level.WARN);
    check(
        workers.stream().allMatch(each -> each >= 1 && each <= MOST_WORKERS),
        "--workers: expected 1 to " + MOST_WORKERS);
    check(
        entries <= 100_000_000 && workers.stream().allMatch(each -> entries / each >= 256),
        "--entries: " + entries + ", expected 256 for each worker, up to 100000000");
    check(seconds >= 1, "--seconds: " + seconds + ", expected at least 1");
    HashIdTrace trace =
        source.trace != null
            ? HashIdTrace.read(source.trace)
            : HashIdTrace.synthetic(SYNTHETIC_REQUESTS, seed);
    List<IndexRun.Result> results = new ArrayList<>();
    try (Progress progress = Progress.onStderr()) {
      if (source.synthetic) {
        progress.note("a made-up trace: figures are not comparable with those of a real one");
      }
      // The compilers have to have seen it all before the first figure counts.
      var _ =
          new IndexRun(trace, WARM_UP_WORKERS, WARM_UP_ENTRIES, seed)
              .run(Duration.ofSeconds(1), progress);
      for (int each : workers) {
        IndexRun run = new IndexRun(trace, each, entries, seed);
        results.add(run.run(Duration.ofSeconds(seconds), progress));
      }
    }
    IndexReport report = new IndexReport(trace, source.synthetic, entries, results);
    System.out.println(
        json ? JsonMapper.builder().build().writeValueAsString(report.fields()) : report.table());
    return 0;
  }

  private void check(boolean holds, String fault) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), fault);
    }
  }
}
