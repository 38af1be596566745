package dev.baton.cli.shell;

/** Text of a model, made safe for a terminal: a model may write escape codes, and must not act. */
public final class PrintableText {
  private static final int REPLACEMENT = 0xFFFD;

  private PrintableText() {}

  /** The same text with every control character but newline and tab replaced. */
  public static String of(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().map(each -> isSafe(each) ? each : REPLACEMENT).forEach(out::appendCodePoint);
    return out.toString();
  }

  private static boolean isSafe(int codePoint) {
    if (codePoint == '\n' || codePoint == '\t') {
      return true;
    }
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.UNASSIGNED -> false;
      default -> true;
    };
  }
}
