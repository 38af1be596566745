package dev.baton.router.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LifecycleTest {
  private static final Path PAGE = Path.of("..", "docs", "reliability.md");

  /** A table and where it begins. */
  private record Table<S extends Enum<S>>(String name, List<Edge<S>> edges, S first) {
    @Override
    public String toString() {
      return name;
    }

    Class<S> type() {
      return first.getDeclaringClass();
    }

    String diagram() {
      return Stream.of(
              Stream.of("```mermaid", "stateDiagram-v2", "    [*] --> " + first),
              edges.stream()
                  .map(edge -> "    %s --> %s: %s".formatted(edge.from(), edge.to(), edge.when())),
              Stream.of("    OVER --> [*]", "```"))
          .flatMap(lines -> lines)
          .collect(Collectors.joining("\n"));
    }
  }

  static Stream<Table<?>> tables() {
    return Stream.of(
        new Table<>("request", RequestState.EDGES, RequestState.SERVING),
        new Table<>("leg", LegState.EDGES, LegState.RESERVING));
  }

  @ParameterizedTest
  @MethodSource("tables")
  <S extends Enum<S>> void fromEveryStateTheEdgesOfTheTableAndNoOthersCanBeTaken(Table<S> table) {
    for (S from : EnumSet.allOf(table.type())) {
      for (S to : EnumSet.allOf(table.type())) {
        Lifecycle<S> life = new Lifecycle<>(table.edges(), from);
        boolean exists =
            table.edges().stream().anyMatch(edge -> edge.from() == from && edge.to() == to);
        if (exists) {
          life.enter(to);
          assertThat(life.state()).isEqualTo(to);
        } else {
          assertThatThrownBy(() -> life.enter(to))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("from " + from + " to " + to);
          assertThat(life.state()).isEqualTo(from);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("tables")
  <S extends Enum<S>> void everyStateIsReachedAndLeadsToTheEndWhichLeadsNowhere(Table<S> table) {
    S over = Enum.valueOf(table.type(), "OVER");
    Set<S> reached = EnumSet.of(table.first());
    while (table.edges().stream()
        .filter(edge -> reached.contains(edge.from()))
        .map(Edge::to)
        .toList()
        .stream()
        .anyMatch(reached::add)) {}
    assertThat(reached).containsAll(EnumSet.allOf(table.type()));
    Set<S> open = EnumSet.complementOf(EnumSet.of(over));
    assertThat(open)
        .allSatisfy(state ->
            assertThat(table.edges().stream().filter(edge -> edge.from() == state))
                .as("ways out of %s", state)
                .isNotEmpty());
    assertThat(table.edges()).noneMatch(edge -> edge.from() == over);
  }

  @Test
  void anEdgeThatDoesNotExistTellsTheWayUntilThere() {
    Lifecycle<LegState> life = new Lifecycle<>(LegState.EDGES, LegState.RESERVING);
    life.enter(LegState.PREFILLING);
    life.enter(LegState.ORPHANED);

    assertThatThrownBy(() -> life.enter(LegState.CLOSING))
        .hasMessageContaining("RESERVING > PREFILLING > ORPHANED");
  }

  @ParameterizedTest
  @MethodSource("tables")
  void thePageShowsTheTable(Table<?> table) throws IOException {
    String page = Files.readString(PAGE);
    String begin = "<!-- states of a " + table.name() + " -->\n";
    String end = "\n<!-- end -->";
    int from = page.indexOf(begin) + begin.length();
    int to = page.indexOf(end, from);
    assertThat(to).as("%s has %s", PAGE, begin).isGreaterThan(from);
    if (Boolean.getBoolean("baton.docs.write")) {
      Files.writeString(PAGE, page.substring(0, from) + table.diagram() + page.substring(to));
      return;
    }
    assertThat(page.substring(from, to))
        .as(
            "%s is made of the table: mvn -pl router -am test -Dtest=LifecycleTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dbaton.docs.write=true",
            PAGE)
        .isEqualTo(table.diagram());
  }
}
