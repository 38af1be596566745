package dev.baton.cli.drain;

import dev.baton.cli.shell.Failure;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Member;
import dev.baton.cluster.membership.RouterMember;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.cluster.pools.MixedName;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A member that shall drain.
 *
 * @param id its id
 * @param role what it does
 * @param pool its pool; empty of a router
 * @param mixed name of the mixed worker that it is a role of
 * @param epoch its incarnation
 */
record Target(String id, Role role, String pool, Optional<String> mixed, long epoch) {
  /** What a member does. */
  enum Role {
    /** Reads prompts. */
    PREFILL,
    /** Writes answers. */
    DECODE,
    /** Serves clients. */
    ROUTER;

    /** As it is typed and shown. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * All members that are there.
   *
   * @throws Exception as ZooKeeper and Curator throw
   */
  static List<Target> all(ClusterConnection connection) throws Exception {
    List<Target> all = new ArrayList<>();
    for (Member member : WorkerDirectory.look(connection)) {
      boolean reads = member.registration().getRole() == WorkerRole.WORKER_ROLE_PREFILL;
      all.add(
          new Target(
              member.id(),
              reads ? Role.PREFILL : Role.DECODE,
              member.registration().getPool(),
              MixedName.of(member.registration()).map(MixedName::name),
              member.epoch()));
    }
    for (RouterMember router : RouterMember.look(connection)) {
      all.add(new Target(router.id(), Role.ROUTER, "", Optional.empty(), router.epoch()));
    }
    return all;
  }

  /**
   * The members of these names; a mixed worker's name means both of its roles.
   *
   * @throws Failure naming the first that is not there
   */
  static List<Target> named(List<Target> all, List<String> names) {
    Set<Target> chosen = new LinkedHashSet<>();
    for (String name : names) {
      List<Target> meant =
          all.stream().filter(each -> name.equals(each.mixed().orElse(each.id()))).toList();
      if (meant.isEmpty()) {
        throw unknown(all, name);
      }
      chosen.addAll(meant);
    }
    return List.copyOf(chosen);
  }

  private static Failure unknown(List<Target> all, String name) {
    Optional<String> mixed =
        all.stream().filter(each -> each.id().equals(name)).findFirst().flatMap(Target::mixed);
    if (mixed.isPresent()) {
      return new Failure(
          "'%s' is a role of the mixed worker %s: 'baton drain %s' ends that one, 'baton pool move %s' takes a role from it"
              .formatted(name, mixed.get(), mixed.get(), mixed.get()));
    }
    return new Failure(
        "no member '%s' is registered now; there are %s"
            .formatted(
                name,
                all.stream().map(each -> each.mixed().orElse(each.id())).distinct().toList()));
  }

  /**
   * The members of a role, a pool or both; where one role of a mixed worker is meant, the other is
   * too: they end together.
   *
   * @throws Failure if there is none
   */
  static List<Target> where(List<Target> all, Optional<Role> role, Optional<String> pool) {
    Predicate<Target> meant =
        each ->
            role.filter(other -> other != each.role()).isEmpty()
                && pool.filter(other -> !other.equals(each.pool())).isEmpty();
    Set<String> mixed =
        all.stream()
            .filter(meant)
            .flatMap(each -> each.mixed().stream())
            .collect(Collectors.toSet());
    List<Target> chosen =
        all.stream()
            .filter(each -> meant.test(each) || each.mixed().filter(mixed::contains).isPresent())
            .toList();
    if (chosen.isEmpty()) {
      throw new Failure(
          "no member is registered now%s%s"
              .formatted(
                  role.map(" of role %s"::formatted).orElse(""),
                  pool.map(" in pool '%s'"::formatted).orElse("")));
    }
    return chosen;
  }
}
