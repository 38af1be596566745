package dev.baton.harness.report;

/** Text inside HTML. */
final class Html {
  private Html() {}

  /** The same text where markup would otherwise begin: labels and messages come from outside. */
  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
