package dev.baton.cli.node;

import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The secret from which the salts of tenants are derived. Never a flag: other users see flags. */
final class TenantSecret {
  private static final int RANDOM_BYTES = 32;

  @Option(
      names = "--tenant-secret-file",
      paramLabel = "FILE",
      description = {
        "File with the secret that separates tenants' KV, the same on all routers of a cluster.",
        "Default: the variable BATON_TENANT_SECRET, else a random secret for this run."
      })
  private @Nullable Path file;

  String value() {
    if (file != null) {
      try {
        return Files.readString(file).strip();
      } catch (IOException unreadable) {
        throw new Failure("--tenant-secret-file: cannot read " + file, unreadable);
      }
    }
    String variable = System.getenv("BATON_TENANT_SECRET");
    if (variable != null) {
      return variable;
    }
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }
}
