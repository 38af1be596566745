package dev.baton.model.text;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.TemplateSyntaxException;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.objects.collections.PyList;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.tree.parse.TagToken;
import com.hubspot.jinjava.util.ForLoop;
import com.hubspot.jinjava.util.ObjectIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code for x in xs if condition}, which jinjava takes for a conditional expression. {@code
 * for/else} is refused instead of rendering both.
 */
final class JinjaForTag extends ForTag {
  private static final long serialVersionUID = 1L;

  @Override
  public String interpretUnchecked(TagNode tag, JinjavaInterpreter interpreter) {
    for (Node child : tag.getChildren()) {
      if (child instanceof TagNode each && each.getName().equals("else")) {
        throw new TemplateSyntaxException(
            interpreter, tag.getHelpers(), "for with else is not supported");
      }
    }
    var head = getLoopVarsAndExpression((TagToken) tag.getMaster());
    String expression = head.getRight();
    int condition = conditionOf(expression);
    if (condition < 0) {
      return super.interpretUnchecked(tag, interpreter);
    }
    int line = tag.getLineNumber();
    Object all = interpreter.resolveELExpression(expression.substring(0, condition), line);
    String test = expression.substring(condition + " if ".length());
    List<Object> chosen = new ArrayList<>();
    ForLoop loop = ObjectIterator.getLoop(all);
    while (loop.hasNext()) {
      Object item = loop.next();
      try (var scope = interpreter.enterScope()) {
        bind(interpreter, head.getLeft(), item);
        if (interpreter.resolveELExpression(test, line) instanceof Boolean holds && holds) {
          chosen.add(item);
        }
      }
    }
    return renderForCollection(tag, interpreter, head.getLeft(), new PyList(chosen));
  }

  /** Where a top-level {@code " if "} without an {@code " else "} begins, or -1. */
  private static int conditionOf(String expression) {
    int at = -1;
    int depth = 0;
    char quote = 0;
    for (int i = 0; i < expression.length(); i++) {
      char each = expression.charAt(i);
      if (quote != 0) {
        quote = each == quote ? 0 : quote;
      } else if (each == '\'' || each == '"') {
        quote = each;
      } else if ("([{".indexOf(each) >= 0) {
        depth++;
      } else if (")]}".indexOf(each) >= 0) {
        depth--;
      } else if (depth == 0 && at < 0 && expression.startsWith(" if ", i)) {
        at = i;
      } else if (depth == 0 && expression.startsWith(" else ", i)) {
        return -1;
      }
    }
    return at;
  }

  private static void bind(JinjavaInterpreter interpreter, List<String> names, Object item) {
    var context = interpreter.getContext();
    if (names.size() == 1) {
      context.put(names.getFirst(), interpreter.wrap(item));
    } else if (item instanceof Map.Entry<?, ?> entry && names.size() == 2) {
      context.put(names.get(0), interpreter.wrap(entry.getKey()));
      context.put(names.get(1), interpreter.wrap(entry.getValue()));
    } else if (item instanceof List<?> list && names.size() == list.size()) {
      for (int i = 0; i < names.size(); i++) {
        context.put(names.get(i), interpreter.wrap(list.get(i)));
      }
    } else {
      throw new IllegalArgumentException(
          "for: a value cannot be taken apart into " + String.join(", ", names));
    }
  }
}
