package dev.baton.cli.bench;

import dev.baton.cli.shell.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures every combination that was asked for: a receiving process for each size of planes, and
 * in it one number of streams after another.
 */
final class TransferSweep {
  private static final int SEED = 7;

  private final TransferOptions options;
  private final Path directory;
  private final Progress progress;

  /** {@code directory} is for the receiving processes' logs and sockets. */
  TransferSweep(TransferOptions options, Path directory, Progress progress) {
    this.options = options;
    this.directory = directory;
    this.progress = progress;
  }

  List<TransferReport> run() throws IOException, InterruptedException {
    List<TransferReport> reports = new ArrayList<>();
    for (long plane : options.planes()) {
      progress.step("starting the receiving process for planes of " + plane + " bytes");
      BenchShape shape = BenchShape.of(plane, options.pool());
      BenchShape smallShape = BenchShape.handOver(options.pool());
      Path mine = Files.createDirectory(directory.resolve("planes-" + plane));
      try (Peer peer = Peer.start(mine, plane, options.pool());
          BenchPool pool = new BenchPool(shape);
          BenchPool smallPool = new BenchPool(smallShape);
          Sending small =
              new Sending(peer, smallShape, smallPool, new TransferCell(plane, 1), options);
          RingMeasure ring = new RingMeasure(peer)) {
        progress.step("filling the pools");
        pool.fill(SEED);
        smallPool.fill(SEED);
        for (int streams : options.streams()) {
          TransferCell cell = new TransferCell(plane, streams);
          try (Sending bulk = new Sending(peer, shape, pool, cell, options)) {
            TransferRun run = new TransferRun(bulk, small, ring, peer, shape, options, progress);
            boolean warm = streams != options.streams().getFirst();
            reports.add(new TransferReport(cell, options, run.run(warm)));
          }
        }
      }
    }
    return reports;
  }
}
