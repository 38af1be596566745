package dev.baton.model.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.el.TruthyTypeConverter;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpreterFactory;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import org.jspecify.annotations.Nullable;

/** Spells truth values as Python does, {@code True} and {@code False}. */
final class PythonWords {
  private PythonWords() {}

  private static @Nullable String spelled(@Nullable Object value) {
    return value instanceof Boolean truth ? (truth ? "True" : "False") : null;
  }

  /** Where a value is printed. */
  static final class Interpreters implements InterpreterFactory {
    @Override
    public JinjavaInterpreter newInstance(JinjavaInterpreter original) {
      return new Interpreter(original);
    }

    @Override
    public JinjavaInterpreter newInstance(Jinjava engine, Context context, JinjavaConfig config) {
      return new Interpreter(engine, context, config);
    }
  }

  private static final class Interpreter extends JinjavaInterpreter {
    Interpreter(JinjavaInterpreter original) {
      super(original);
    }

    Interpreter(Jinjava engine, Context context, JinjavaConfig config) {
      super(engine, context, config);
    }

    @Override
    public String getAsString(@Nullable Object value) {
      String spelled = spelled(value);
      return spelled == null ? super.getAsString(value) : spelled;
    }
  }

  /** Where a value is joined to a text. */
  static final class Converter extends TruthyTypeConverter {
    private static final long serialVersionUID = 1L;

    @Override
    protected String coerceToString(@Nullable Object value) {
      String spelled = spelled(value);
      return spelled == null ? super.coerceToString(value) : spelled;
    }
  }
}
