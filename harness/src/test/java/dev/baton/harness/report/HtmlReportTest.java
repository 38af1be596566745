package dev.baton.harness.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class HtmlReportTest {
  private static final Pattern SVG = Pattern.compile("<svg .*?</svg>", Pattern.DOTALL);

  private final RunReport run =
      Exchanges.report(
          4000,
          Exchanges.slo(),
          Exchanges.answered(0, 0, 100, 200),
          Exchanges.answered(1000, 1050, 1101, 1150),
          Exchanges.failed(3000, "http_429:overloaded"));

  @Test
  void thePageNeedsNothingFromOutsideAndRunsNothing() {
    String page = HtmlReport.of(List.of(Exchanges.whole(run, run)));

    assertThat(page)
        .doesNotContainPattern("(?i)<script|<link|<img|@import|url\\(|src=|href=|https?://");
  }

  @Test
  void everyPlotIsWellFormed() throws Exception {
    Matcher plots = SVG.matcher(HtmlReport.of(List.of(Exchanges.whole(run, run))));
    int count = 0;
    for (; plots.find(); count++) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(plots.group())));
    }

    // Four of latency, four over time, four over the rate.
    assertThat(count).isEqualTo(12);
  }

  @Test
  void whatComesFromOutsideIsText() {
    String page = HtmlReport.of(List.of(Exchanges.whole(run)));

    assertThat(page).contains("run &lt;1&gt;", "because &lt;b&gt;").doesNotContain("run <1>");
  }

  @Test
  void figuresThatNobodyReportedHaveNoRow() {
    RunReport failed = Exchanges.report(1000, Exchanges.slo(), Exchanges.failed(0, "timeout"));

    assertThat(HtmlReport.of(List.of(Exchanges.whole(failed))))
        .doesNotContain("cached", "phase queue")
        .contains("completed / failed");
  }

  @Test
  void ticksAreRoundAndWithinTheAxis() {
    assertThat(new Axis(0, 23, false, 0, 100).ticks()).containsExactly(0.0, 5.0, 10.0, 15.0, 20.0);
    assertThat(new Axis(0.9, 110, true, 0, 100).ticks())
        .containsExactly(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0);
    assertThat(new Axis(1, 100, true, 0, 100).pixel(10)).isEqualTo(50);
  }
}
