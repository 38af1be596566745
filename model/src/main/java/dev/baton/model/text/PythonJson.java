package dev.baton.model.text;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The filter {@code tojson} as Hugging Face defines it: Python's {@code json.dumps} without
 * escaping of what is not ASCII, with its spaces and {@code indent}.
 */
final class PythonJson implements AdvancedFilter {
  @Override
  public String getName() {
    return "tojson";
  }

  @Override
  public Object filter(
      @Nullable Object value,
      JinjavaInterpreter interpreter,
      Object[] arguments,
      Map<String, Object> named) {
    Object indent = named.get("indent");
    StringBuilder json = new StringBuilder();
    write(json, value, indent instanceof Number spaces ? spaces.intValue() : -1, 0);
    return json.toString();
  }

  private static void write(StringBuilder json, @Nullable Object value, int indent, int depth) {
    switch (value) {
      case null -> json.append("null");
      case Boolean truth -> json.append(truth);
      case Number number -> json.append(number);
      case Map<?, ?> map ->
          container(
              json,
              '{',
              '}',
              map.entrySet().iterator(),
              entry -> {
                string(json, String.valueOf(entry.getKey()));
                json.append(": ");
                write(json, entry.getValue(), indent, depth + 1);
              },
              indent,
              depth);
      case Iterable<?> list -> list(json, list.iterator(), indent, depth);
      case Object[] array -> list(json, Arrays.asList(array).iterator(), indent, depth);
      default -> string(json, value.toString());
    }
  }

  private static void list(StringBuilder json, Iterator<?> values, int indent, int depth) {
    container(json, '[', ']', values, each -> write(json, each, indent, depth + 1), indent, depth);
  }

  private static <T> void container(
      StringBuilder json,
      char open,
      char close,
      Iterator<T> content,
      Consumer<? super T> element,
      int indent,
      int depth) {
    json.append(open);
    boolean empty = !content.hasNext();
    while (content.hasNext()) {
      newLine(json, indent, depth + 1);
      element.accept(content.next());
      if (content.hasNext()) {
        json.append(indent < 0 ? ", " : ",");
      }
    }
    if (!empty) {
      newLine(json, indent, depth);
    }
    json.append(close);
  }

  private static void newLine(StringBuilder json, int indent, int depth) {
    if (indent >= 0) {
      json.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private static void string(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      switch (each) {
        case '"', '\\' -> json.append('\\').append(each);
        case '\n' -> json.append("\\n");
        case '\r' -> json.append("\\r");
        case '\t' -> json.append("\\t");
        case '\b' -> json.append("\\b");
        case '\f' -> json.append("\\f");
        default -> json.append(each < ' ' ? String.format("\\u%04x", (int) each) : each);
      }
    }
    json.append('"');
  }
}
