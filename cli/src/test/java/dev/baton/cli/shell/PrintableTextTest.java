package dev.baton.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTextTest {
  @Test
  void escapeCodesCannotReachTheTerminal() {
    assertThat(PrintableText.of("a\u001b[31mb\rc\u0007\u009bd\u202ee"))
        .isEqualTo("a\ufffd[31mb\ufffdc\ufffd\ufffdd\ufffde");
  }

  @Test
  void wordsOfAllLanguagesNewlinesAndTabsStay() {
    String text = "Grüße\n\t日本語 😀";
    assertThat(PrintableText.of(text)).isEqualTo(text);
  }
}
