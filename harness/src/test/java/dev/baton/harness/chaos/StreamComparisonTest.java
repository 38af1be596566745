package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.chaos.StreamComparison.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StreamComparisonTest {
  private static final List<String> REFERENCE =
      IntStream.range(0, 20).mapToObj(Integer::toString).toList();

  private static StreamComparison of(List<String> heard) {
    return StreamComparison.of(REFERENCE, heard);
  }

  private static List<String> joined(List<String> first, List<String> second) {
    List<String> joined = new ArrayList<>(first);
    joined.addAll(second);
    return joined;
  }

  @Test
  void sameStreamIsTheSame() {
    assertThat(of(REFERENCE)).isEqualTo(new StreamComparison(Verdict.SAME, 20));
  }

  @Test
  void streamThatBreaksOffIsAPrefix() {
    assertThat(of(REFERENCE.subList(0, 7))).isEqualTo(new StreamComparison(Verdict.PREFIX, 7));
    assertThat(of(List.of())).isEqualTo(new StreamComparison(Verdict.PREFIX, 0));
  }

  @Test
  void tokensThatComeTwiceAreFound() {
    List<String> resumed = joined(REFERENCE.subList(0, 10), REFERENCE.subList(8, 20));

    assertThat(of(resumed)).isEqualTo(new StreamComparison(Verdict.DUPLICATED, 10));
  }

  @Test
  void oneTokenThatComesTwiceAtTheEndIsFound() {
    assertThat(of(joined(REFERENCE, List.of("19"))).verdict()).isEqualTo(Verdict.DUPLICATED);
  }

  @Test
  void streamThatBeginsAgainIsDuplicated() {
    assertThat(of(joined(REFERENCE.subList(0, 10), REFERENCE)).verdict())
        .isEqualTo(Verdict.DUPLICATED);
  }

  @Test
  void tokenThatIsLeftOutIsFound() {
    List<String> skipped = joined(REFERENCE.subList(0, 10), REFERENCE.subList(11, 20));

    assertThat(of(skipped)).isEqualTo(new StreamComparison(Verdict.SKIPPED, 10));
  }

  @Test
  void otherTokenIsDivergent() {
    List<String> other = new ArrayList<>(REFERENCE);
    other.set(4, "x");

    assertThat(of(other)).isEqualTo(new StreamComparison(Verdict.DIVERGENT, 4));
  }

  @Test
  void moreThanThereShouldBeIsDivergent() {
    assertThat(of(joined(REFERENCE, List.of("x"))).verdict()).isEqualTo(Verdict.DIVERGENT);
  }
}
