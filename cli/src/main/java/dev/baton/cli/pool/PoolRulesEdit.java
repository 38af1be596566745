package dev.baton.cli.pool;

import dev.baton.cli.pool.PoolRulesAccess.Cluster;
import dev.baton.cluster.pools.Pools;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where the rules are, and against which version an edit is made: the flags of all edits. */
final class PoolRulesEdit {
  @Mixin private PoolRulesAccess access = new PoolRulesAccess();

  @Option(
      names = "--if-version",
      paramLabel = "N",
      description = "Edit only if the rules have this version, as 'baton pool show' says it.")
  private @Nullable Integer version;

  /**
   * Edits the rules.
   *
   * @param check throws where the cluster speaks against the edit
   */
  Pools make(Consumer<Cluster> check, UnaryOperator<Pools> change) throws Exception {
    return access.edit(
        version == null ? OptionalInt.empty() : OptionalInt.of(version), check, change);
  }
}
