package dev.baton.cli.bench;

import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.cluster.process.ProcessLogging;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench transfer}. */
@Command(
    name = "transfer",
    mixinStandardHelpOptions = true,
    description = {
      "How fast KV moves between two processes of this machine.",
      "Blocks go from one off-heap pool into another, cold in cache, with checksums, by the same",
      "handoff as between workers; beside it the same bytes over plain Java sockets, and a memory",
      "copy. Median of the rounds, least and most. A shared machine is noisy: trust the ratios.",
      "",
      "'ring' is shared memory alone: a segment that both processes have open and look at all the",
      "time, no handoff around it. A hand-over of 256 KiB through it lasts from before the first",
      "byte is read until the receiver has copied all and compared the checksum. Where the ring was",
      "measured, handover_256k_p50_us and _p99_us are of it, else of the best wire's whole handoff.",
      "whole_handoff_256k_p50_us and _p99_us, and the figures with a wire's name before",
      "handover_256k, are of a whole handoff of one block: opened, sent, committed, acknowledged.",
      "",
      "With several sizes of planes or numbers of streams every combination is measured, without",
      "hand-overs and control messages; the JSON object then has one in 'cells' for each."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton bench transfer",
      "  baton bench transfer --plane 1m --transport tcp --rounds 9",
      "  baton bench transfer --plane 64k,256k,1m,4m --streams 1,2,4 --bytes 512m --rounds 4 --json"
    })
final class TransferCommand implements Callable<Integer> {
  @Mixin private TransferOptions options = new TransferOptions();

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    ProcessLogging.plain(Level.WARN);
    options
        .fault()
        .ifPresent(fault -> {
          throw new ParameterException(spec.commandLine(), fault);
        });
    List<TransferReport> reports;
    try (Progress progress = Progress.onStderr();
        TemporaryDirectory directory = TemporaryDirectory.create("baton-bench-")) {
      reports = new TransferSweep(options, directory.path(), progress).run();
    }
    System.out.println(
        json
            ? JsonMapper.builder().build().writeValueAsString(TransferReport.fields(reports))
            : reports.stream().map(TransferReport::table).collect(Collectors.joining("\n\n")));
    return 0;
  }
}
