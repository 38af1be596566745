package dev.baton.cli.bench;

import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.cluster.process.ProcessLogging;
import java.util.concurrent.Callable;
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
      "handover_256k, are of a whole handoff of one block: opened, sent, committed, acknowledged."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton bench transfer",
      "  baton bench transfer --plane 1m --transport tcp --rounds 9",
      "  baton bench transfer --json | tail -n 1"
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
    TransferReport report;
    try (Progress progress = Progress.onStderr();
        TemporaryDirectory directory = TemporaryDirectory.create("baton-bench-")) {
      progress.step("starting the receiving process");
      BenchShape shape = BenchShape.of(options.plane(), options.pool());
      try (Peer peer = Peer.start(directory.path(), options.plane(), options.pool());
          Sending bulk = new Sending(peer, shape, options.streams(), options.parallel());
          Sending small = new Sending(peer, BenchShape.handOver(options.pool()), 1, 1);
          RingMeasure ring = new RingMeasure(peer)) {
        TransferRun run = new TransferRun(bulk, small, ring, peer, shape, options, progress);
        report = new TransferReport(options, run.run(options.cases()));
      }
    }
    System.out.println(
        json ? JsonMapper.builder().build().writeValueAsString(report.fields()) : report.table());
    return 0;
  }
}
