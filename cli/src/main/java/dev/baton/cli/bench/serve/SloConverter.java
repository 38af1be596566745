package dev.baton.cli.bench.serve;

import dev.baton.cli.shell.Units;
import dev.baton.harness.report.Slo;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code ttft=500ms,tpot=50ms}. */
final class SloConverter implements ITypeConverter<Slo> {
  private static final String EXPECTED =
      "limits such as ttft=500ms,tpot=50ms, of ttft, tpot, itl and e2e";

  @Override
  public Slo convert(String text) {
    Map<Slo.Of, Duration> limits = new EnumMap<>(Slo.Of.class);
    for (String each : text.split(",", -1)) {
      String[] parts = each.split("=", -1);
      if (parts.length != 2) {
        throw wrong(text);
      }
      Slo.Of of;
      try {
        of = Slo.Of.valueOf(parts[0].strip().toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException unknown) {
        throw wrong(text);
      }
      if (limits.put(of, new Units.Durations().convert(parts[1].strip())) != null) {
        throw wrong(text);
      }
    }
    return Slo.of(limits);
  }

  private static TypeConversionException wrong(String text) {
    return new TypeConversionException("'" + text + "', expected " + EXPECTED);
  }
}
