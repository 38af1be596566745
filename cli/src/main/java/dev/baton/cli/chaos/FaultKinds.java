package dev.baton.cli.chaos;

import dev.baton.harness.chaos.FaultKind;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads kinds of faults by their labels. */
final class FaultKinds implements ITypeConverter<FaultKind> {
  @Override
  public FaultKind convert(String label) {
    return FaultKind.of(label)
        .orElseThrow(() -> new TypeConversionException("'" + label + "', expected " + all()));
  }

  private static String all() {
    return Stream.of(FaultKind.values()).map(FaultKind::label).collect(Collectors.joining(", "));
  }
}
