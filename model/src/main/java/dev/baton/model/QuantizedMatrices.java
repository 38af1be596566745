package dev.baton.model;

import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.TransformerTensors.Expected;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which matrices of a model are stored as int8 in groups, by the rules of the compressed-tensors
 * format: a matrix is if a target matches its module and nothing ignored does. What matches is the
 * name of the module, its class ({@code Linear}, {@code Embedding}), or {@code re:} and a regular
 * expression that the name begins with. Vectors never are.
 *
 * @param targets names, classes or expressions
 * @param ignored names, classes or expressions
 */
public record QuantizedMatrices(List<String> targets, List<String> ignored) {
  /** No matrix is. */
  public static final QuantizedMatrices NONE = new QuantizedMatrices(List.of(), List.of());

  /** How an entry that is an expression begins. */
  static final String EXPRESSION = "re:";

  /** Class of the layers that multiply. */
  public static final String LINEAR = "Linear";

  /** Class of the token embedding. */
  public static final String EMBEDDING = "Embedding";

  /**
   * Copies the lists.
   *
   * @throws java.util.regex.PatternSyntaxException if one is no regular expression
   */
  public QuantizedMatrices {
    targets = List.copyOf(targets);
    ignored = List.copyOf(ignored);
  }

  /** Whether this tensor of the architecture is stored as int8. */
  public boolean has(Expected tensor) {
    if (tensor.shape().size() != 2) {
      return false;
    }
    String module = module(tensor.name());
    String kind = tensor.name().equals(TransformerTensors.EMBEDDING) ? EMBEDDING : LINEAR;
    return targets.stream().anyMatch(each -> matches(each, module, kind))
        && ignored.stream().noneMatch(each -> matches(each, module, kind));
  }

  /** The name of the module whose weight has this name. */
  public static String module(String weight) {
    return weight.substring(0, weight.length() - TransformerTensors.WEIGHT.length());
  }

  private static boolean matches(String entry, String module, String kind) {
    return entry.startsWith(EXPRESSION)
        ? Pattern.compile(entry.substring(EXPRESSION.length())).matcher(module).lookingAt()
        : entry.equals(module) || entry.equals(kind);
  }
}
