package dev.baton.cli.profile;

import dev.baton.cluster.config.Dimension;
import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.hardware.HardwareProfile;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code baton profile list}. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description =
        "The hardware profiles of the catalog, a line each; 16-bit peaks where it has them.",
    footerHeading = "%nExample:%n",
    footer = "  baton profile list")
final class ListCommand implements Runnable {
  @Override
  public void run() {
    for (HardwareProfile each : HardwareCatalog.load().profiles()) {
      System.out.printf(
          Locale.ROOT,
          "%-20s %14s %9s %11s  %s%n",
          each.name(),
          Dimension.COMPUTE.format(each.peak(2)),
          Dimension.BYTES.format(each.memory().capacityBytes()),
          Dimension.BANDWIDTH.format(each.memory().bytesPerSecond()),
          each.description());
    }
  }
}
