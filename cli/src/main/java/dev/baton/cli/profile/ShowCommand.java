package dev.baton.cli.profile;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.hardware.ProfileText;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code baton profile show}. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = {
      "One hardware profile as YAML, with the source of every figure.",
      "A good start for a profile of your own."
    },
    footerHeading = "%nExample:%n",
    footer = "  baton profile show H100 > my-h100.yaml")
final class ShowCommand implements Runnable {
  @Parameters(paramLabel = "NAME|FILE", description = "Name in the catalog, or a file.")
  private String profile = "";

  @Override
  public void run() {
    System.out.print(ProfileText.of(List.of(HardwareCatalog.load().find(profile))));
  }
}
