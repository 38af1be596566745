package dev.baton.harness.chaos;

import dev.baton.harness.chaos.Member.Role;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How many of each a cluster has.
 *
 * @param routers at least 1
 * @param prefill prefill workers, at least 1
 * @param decode decode workers, at least 1
 */
public record ClusterShape(int routers, int prefill, int decode) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException naming the flag that is wrong
   */
  public ClusterShape {
    require("--routers", routers);
    require("--prefill", prefill);
    require("--decode", decode);
  }

  private static void require(String flag, int value) {
    if (value < 1 || value > 256) {
      throw new IllegalArgumentException(flag + ": " + value + ", expected 1 to 256");
    }
  }

  /** How many it has of a role; there is one ZooKeeper. */
  public int count(Role role) {
    return switch (role) {
      case ROUTER -> routers;
      case PREFILL -> prefill;
      case DECODE -> decode;
      case ZOOKEEPER -> 1;
    };
  }

  /** All of a role. */
  public List<Member> members(Role role) {
    return IntStream.range(0, count(role)).mapToObj(index -> new Member(role, index)).toList();
  }

  /** All workers, prefill first. */
  public List<Member> workers() {
    return Stream.of(Role.PREFILL, Role.DECODE).flatMap(role -> members(role).stream()).toList();
  }

  /**
   * Whether KV comes to a worker by the fault proxy. It does to every other decode worker, the
   * first among them: the others take it by shared memory, as workers on one host do.
   */
  public static boolean hasKvProxy(Member member) {
    return member.role() == Role.DECODE && member.index() % 2 == 0;
  }

  /** Whom a fault of this kind can strike. */
  List<Member> targets(FaultKind kind) {
    return switch (kind.place()) {
      case PREFILL -> members(Role.PREFILL);
      case DECODE -> members(Role.DECODE);
      case ROUTER -> members(Role.ROUTER);
      case ZOOKEEPER -> members(Role.ZOOKEEPER);
      case SESSION, CONTROL -> workers();
      case KV -> members(Role.DECODE).stream().filter(ClusterShape::hasKvProxy).toList();
    };
  }
}
