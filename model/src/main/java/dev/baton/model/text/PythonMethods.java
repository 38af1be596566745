package dev.baton.model.text;

import com.hubspot.jinjava.el.ext.NamedParameter;
import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import jinjava.javax.el.ELResolver;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str} and {@code dict} that chat templates call. */
final class PythonMethods extends ELResolver {
  private static final Pattern INDEX = Pattern.compile("-?\\d{1,9}");

  @Override
  public @Nullable Object invoke(
      ELContext context,
      Object base,
      Object method,
      Class<?> @Nullable [] types,
      Object @Nullable [] arguments) {
    List<Object> values = new ArrayList<>();
    for (Object each : arguments == null ? new Object[0] : arguments) {
      values.add(each instanceof NamedParameter named ? named.getValue() : each);
    }
    String name = method.toString();
    if (base instanceof String text) {
      context.setPropertyResolved(true);
      return ofText(text, name, values);
    }
    if (base instanceof Map<?, ?> map && name.equals("get")) {
      context.setPropertyResolved(true);
      Object value = map.get(values.getFirst());
      return value == null && values.size() > 1 ? values.get(1) : value;
    }
    return null;
  }

  private static Object ofText(String text, String method, List<Object> arguments) {
    return switch (method) {
      case "strip" -> stripped(text, arguments, true, true);
      case "lstrip" -> stripped(text, arguments, true, false);
      case "rstrip" -> stripped(text, arguments, false, true);
      case "split" -> split(text, arguments);
      case "splitlines" -> text.lines().toList();
      case "startswith" -> anyOf(arguments).stream().anyMatch(text::startsWith);
      case "endswith" -> anyOf(arguments).stream().anyMatch(text::endsWith);
      case "replace" -> text.replace(string(arguments, 0), string(arguments, 1));
      case "removeprefix" -> {
        String prefix = string(arguments, 0);
        yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = string(arguments, 0);
        yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
      }
      case "find" -> (long) text.indexOf(string(arguments, 0));
      case "count" -> (long) text.split(Pattern.quote(string(arguments, 0)), -1).length - 1;
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalized(text);
      case "title" ->
          Pattern.compile("\\p{L}+").matcher(text).replaceAll(each -> capitalized(each.group()));
      case "join" -> joined(text, arguments);
      case "isdigit" -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
      default -> throw new ELException("a string has no method '" + method + "'");
    };
  }

  private static String string(List<Object> arguments, int index) {
    if (index >= arguments.size() || !(arguments.get(index) instanceof String text)) {
      throw new ELException("argument " + (index + 1) + " of a string's method is no string");
    }
    return text;
  }

  private static String stripped(String text, List<Object> arguments, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    String set = arguments.isEmpty() ? null : string(arguments, 0);
    while (left && from < to && isStripped(text.charAt(from), set)) {
      from++;
    }
    while (right && to > from && isStripped(text.charAt(to - 1), set)) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean isStripped(char each, @Nullable String set) {
    return set == null
        ? Character.isWhitespace(each) || Character.isSpaceChar(each)
        : set.indexOf(each) >= 0;
  }

  private static List<String> split(String text, List<Object> arguments) {
    if (arguments.isEmpty()) {
      return Arrays.stream(text.split("\\s+")).filter(each -> !each.isEmpty()).toList();
    }
    int limit =
        arguments.size() > 1 && arguments.get(1) instanceof Number most && most.intValue() >= 0
            ? most.intValue() + 1
            : -1;
    return List.of(text.split(Pattern.quote(string(arguments, 0)), limit));
  }

  private static List<String> anyOf(List<Object> arguments) {
    if (!arguments.isEmpty() && arguments.getFirst() instanceof Iterable<?> several) {
      List<String> texts = new ArrayList<>();
      several.forEach(each -> texts.add(String.valueOf(each)));
      return texts;
    }
    return List.of(string(arguments, 0));
  }

  private static String capitalized(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  private static String joined(String text, List<Object> arguments) {
    if (arguments.isEmpty() || !(arguments.getFirst() instanceof Iterable<?> several)) {
      throw new ELException("argument 1 of join is no list");
    }
    List<String> parts = new ArrayList<>();
    several.forEach(each -> parts.add(String.valueOf(each)));
    return parts.stream().collect(Collectors.joining(text));
  }

  /** {@code text[i]}; other properties are the business of jinjava's own resolvers. */
  @Override
  public @Nullable Object getValue(
      ELContext context, @Nullable Object base, @Nullable Object property) {
    if (!(base instanceof String text) || !INDEX.matcher(String.valueOf(property)).matches()) {
      return null;
    }
    context.setPropertyResolved(true);
    int index = Integer.parseInt(String.valueOf(property));
    int from = index < 0 ? text.length() + index : index;
    return from >= 0 && from < text.length() ? text.substring(from, from + 1) : null;
  }

  @Override
  public @Nullable Class<?> getType(ELContext context, Object base, Object property) {
    return null;
  }

  @Override
  public void setValue(ELContext context, Object base, Object property, Object value) {}

  @Override
  public boolean isReadOnly(ELContext context, Object base, Object property) {
    return true;
  }

  @Override
  public @Nullable Iterator<FeatureDescriptor> getFeatureDescriptors(
      ELContext context, Object base) {
    return null;
  }

  @Override
  public @Nullable Class<?> getCommonPropertyType(ELContext context, Object base) {
    return null;
  }
}
