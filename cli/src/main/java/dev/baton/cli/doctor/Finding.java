package dev.baton.cli.doctor;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one check found.
 *
 * @param check what was looked at
 * @param verdict how it is
 * @param detail what was found
 * @param mend what to do about it; empty when nothing need be done
 */
record Finding(String check, Verdict verdict, String detail, String mend) {
  /** How a thing is. */
  enum Verdict {
    /** As it should be. */
    OK,
    /** It will do, with a restriction that the detail names. */
    WARN,
    /** Baton cannot run like this. */
    FAIL
  }

  static Finding ok(String check, String detail) {
    return new Finding(check, Verdict.OK, detail, "");
  }

  static Finding warn(String check, String detail, String mend) {
    return new Finding(check, Verdict.WARN, detail, mend);
  }

  static Finding fail(String check, String detail, String mend) {
    return new Finding(check, Verdict.FAIL, detail, mend);
  }

  /** For people. */
  String line() {
    String found = "%-4s  %-12s %s".formatted(word(), check, detail);
    return mend.isEmpty() ? found : found + "\n      to mend:     " + mend;
  }

  /** For programs. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("check", check);
    fields.put("verdict", word());
    fields.put("detail", detail);
    fields.put("mend", mend);
    return fields;
  }

  private String word() {
    return switch (verdict) {
      case OK -> "ok";
      case WARN -> "warn";
      case FAIL -> "fail";
    };
  }
}
