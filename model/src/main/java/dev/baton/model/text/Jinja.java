package dev.baton.model.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.interpret.TemplateError.ErrorItem;
import com.hubspot.jinjava.interpret.TemplateError.ErrorReason;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Map;
import jinjava.de.odysseus.el.ExpressionFactoryImpl;
import jinjava.de.odysseus.el.tree.TreeStore;
import jinjava.de.odysseus.el.tree.impl.Cache;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ExpressionFactory;
import org.jspecify.annotations.Nullable;

/**
 * A Jinja template as Hugging Face's {@code apply_chat_template} renders it: {@code trim_blocks}
 * and {@code lstrip_blocks}, {@code raise_exception}, {@code strftime_now}, Python's JSON and
 * string methods. Text that a client sends is never taken for template code. Safe for use by many
 * threads.
 */
final class Jinja {
  private static final int MAX_OUTPUT = 64 << 20;
  private static final String NOW = "strftime_now";

  private final String source;
  private final Clock clock;
  private final Jinjava engine = new Engine(configuration());

  Jinja(String source, Clock clock) {
    // Jinja drops one line end at the end of a template; jinjava would drop it from the output.
    this.source = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
    this.clock = clock;
    var global = engine.getGlobalContext();
    global.registerFunction(function("raise_exception", "raise", Object.class));
    global.registerFunction(function(NOW, "now", String.class));
    global.registerFilter(new PythonJson());
    global.registerExpTest(new IterableTest());
    global.registerTag(new JinjaForTag());
    global.registerTag(new GenerationTag());
  }

  /** The template called {@code raise_exception}. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String words;

    Refusal(String words) {
      super(words, null, false, false);
      this.words = words;
    }

    /** The template's own words. */
    String words() {
      return words;
    }
  }

  /** The template is wrong, or asks for what is not there. */
  static final class Fault extends Exception {
    private static final long serialVersionUID = 1L;

    Fault(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** Renders with these variables. */
  String render(Map<String, ?> variables) throws Refusal, Fault {
    Map<String, Object> bindings = new HashMap<>(variables);
    // Functions are no variables here; templates ask whether this one "is defined".
    bindings.put(NOW, true);
    bindings.put(Clock.class.getName(), clock);
    RenderResult result;
    try {
      result = engine.renderForResult(source, bindings);
    } catch (RuntimeException | StackOverflowError e) {
      throw new Fault(String.valueOf(e.getMessage()), e);
    }
    for (TemplateError each : result.getErrors()) {
      refuse(each.getException());
      // In Jinja, too, a property that is not there is merely undefined.
      if (each.getReason() != ErrorReason.UNKNOWN || each.getItem() != ErrorItem.PROPERTY) {
        throw new Fault("line " + each.getLineno() + ": " + each.getMessage(), each.getException());
      }
    }
    return result.getOutput();
  }

  private static void refuse(@Nullable Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each instanceof Refusal refusal) {
        throw refusal;
      }
    }
  }

  /** Called by templates as {@code raise_exception}. */
  @SuppressWarnings("DoNotCallSuggester") // Templates call it, by its name.
  public static Object raise(@Nullable Object message) {
    throw new Refusal(String.valueOf(message));
  }

  /** Called by templates as {@code strftime_now}. */
  public static String now(String format) {
    Clock clock = (Clock) JinjavaInterpreter.getCurrent().getContext().get(Clock.class.getName());
    return Strftime.format(format, ZonedDateTime.now(clock));
  }

  private static ELFunctionDefinition function(String name, String method, Class<?> parameter) {
    return new ELFunctionDefinition("", name, Jinja.class, method, parameter);
  }

  private static JinjavaConfig configuration() {
    CompositeELResolver resolver = new CompositeELResolver();
    resolver.add(new PythonMethods());
    resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
    return JinjavaConfig.newBuilder()
        .withTrimBlocks(true)
        .withLstripBlocks(true)
        .withKeepTrailingNewline(true)
        .withNestedInterpretationEnabled(false)
        .withMaxOutputSize(MAX_OUTPUT)
        .withElResolver(resolver)
        .withInterperterFactory(new PythonWords.Interpreters())
        .withLegacyOverrides(
            LegacyOverrides.newBuilder()
                .withEvaluateMapKeys(true)
                .withIterateOverMapKeys(true)
                .withUsePyishObjectMapper(true)
                .withUseNaturalOperatorPrecedence(true)
                .withParseWhitespaceControlStrictly(true)
                .withAllowAdjacentTextNodes(true)
                .withUseTrimmingForNotesAndExpressions(true)
                .withKeepNullableLoopValues(true)
                .withHandleBackslashInQuotesOnly(true)
                .build())
        .build();
  }

  /** jinjava with our grammar. */
  private static final class Engine extends Jinjava {
    private final ExpressionFactory expressions =
        new ExpressionFactoryImpl(
            new TreeStore(new JinjaGrammar.Syntax(), new Cache(256)), new PythonWords.Converter());

    Engine(JinjavaConfig config) {
      super(config);
    }

    @Override
    public ExpressionFactory getExpressionFactory() {
      return expressions;
    }
  }

  /** {@code is iterable}, which a string is, too. */
  private static final class IterableTest implements ExpTest {
    @Override
    public String getName() {
      return "iterable";
    }

    @Override
    public boolean evaluate(
        @Nullable Object value, JinjavaInterpreter interpreter, Object... arguments) {
      return value instanceof Iterable
          || value instanceof Map
          || value instanceof CharSequence
          || value instanceof Object[];
    }
  }

  /** {@code generation} marks the assistant's words for training; here it is transparent. */
  private static final class GenerationTag implements Tag {
    private static final long serialVersionUID = 1L;

    @Override
    public String getName() {
      return "generation";
    }

    @Override
    public String getEndTagName() {
      return "endgeneration";
    }

    @Override
    public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
      StringBuilder text = new StringBuilder();
      for (Node each : tag.getChildren()) {
        text.append(each.render(interpreter));
      }
      return text.toString();
    }
  }
}
