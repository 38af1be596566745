package dev.baton.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClosingTest {
  private final List<String> closed = new ArrayList<>();
  private final Closing closing = new Closing();

  @Test
  void whatWasOpenedLastIsClosedFirstAndEachOnce() {
    closing.doLater(() -> closed.add("first"));
    closing.doLater(() -> closed.add("second"));

    closing.close();
    closing.close();

    assertThat(closed).containsExactly("second", "first");
  }

  @Test
  void whatDoesNotCloseKeepsNothingElseOpen() {
    closing.doLater(() -> closed.add("first"));
    closing.doLater(() -> {
      throw new IllegalStateException("stuck");
    });

    closing.close();

    assertThat(closed).containsExactly("first");
  }

  @Test
  void memoryIsGivenBackWhereNothingUsesIt() {
    closing.laterIfAtRest(() -> closed.add("memory"));

    closing.close();

    assertThat(closed).containsExactly("memory");
  }

  @Test
  void memoryThatAThreadMayUseForEverIsNotGivenBackButTheRestIs() {
    closing.doLater(() -> closed.add("port"));
    closing.laterIfAtRest(() -> closed.add("memory"));
    closing.doLater(closing::notAtRest);

    closing.close();

    assertThat(closed).containsExactly("port");
  }
}
