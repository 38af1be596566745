package dev.baton.model;

import dev.baton.model.json.JsonFields;
import dev.baton.model.weights.Tensor;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code quantization_config}: int8 weights in groups, symmetric, as compressed-tensors
 * spells it (its {@code quant_config.py}, {@code quant_scheme.py} and {@code quant_args.py},
 * version 0.20). Whatever would give the weights another meaning is refused by its field.
 */
final class QuantizationFields {
  static final String NAME = "quantization_config";
  static final String FORMAT = "int-quantized";

  private static final String GROUPS = "config_groups";
  private static final String TARGETS = "targets";
  private static final String IGNORE = "ignore";
  private static final String ABSENT = "absent";
  private static final String EMPTY = "{}";

  private QuantizationFields() {}

  static QuantizedMatrices read(JsonFields config) {
    require(config, "compression_config", ABSENT);
    return config.object(NAME).map(QuantizationFields::matrices).orElse(QuantizedMatrices.NONE);
  }

  private static QuantizedMatrices matrices(JsonFields fields) {
    require(fields, "quant_method", quoted("compressed-tensors"));
    require(fields, "format", quoted(FORMAT));
    require(fields, "quantization_status", quoted("compressed"), ABSENT);
    require(fields, "kv_cache_scheme", ABSENT);
    require(fields, "sparsity_config", ABSENT, EMPTY);
    require(fields, "transform_config", ABSENT, EMPTY);
    JsonFields group = onlyGroup(fields);
    require(group, "input_activations", ABSENT);
    require(group, "output_activations", ABSENT);
    require(group, "format", quoted(FORMAT), ABSENT);
    requireWeights(
        group
            .object("weights")
            .orElseThrow(() -> group.unsupported("weights", "an object: how they are quantized")));
    return new QuantizedMatrices(entries(group, TARGETS), entries(fields, IGNORE));
  }

  private static JsonFields onlyGroup(JsonFields fields) {
    String supported = "an object with one group";
    JsonFields groups = fields.object(GROUPS).orElseThrow(() -> fields.missing(GROUPS, supported));
    List<String> names = groups.names();
    if (names.size() != 1) {
      throw fields.unsupported(GROUPS, supported);
    }
    return groups
        .object(names.getFirst())
        .orElseThrow(() -> groups.missing(names.getFirst(), "an object"));
  }

  private static void requireWeights(JsonFields weights) {
    require(weights, "num_bits", "8", ABSENT);
    require(weights, "type", quoted("int"), ABSENT);
    require(weights, "symmetric", "true", ABSENT);
    require(weights, "strategy", quoted("group"), ABSENT);
    require(weights, "group_size", Integer.toString(Tensor.GROUP));
    require(weights, "dynamic", "false", ABSENT);
    require(weights, "block_structure", ABSENT);
    // The order in which columns were quantized; "group" would need a g_idx to undo it.
    require(weights, "actorder", ABSENT, "false", quoted("weight"), quoted("static"));
  }

  private static void require(JsonFields fields, String field, String... supported) {
    String value = fields.node(field).map(JsonNode::toString).orElse(ABSENT);
    if (!List.of(supported).contains(value)) {
      throw fields.unsupported(field, String.join(" or ", supported));
    }
  }

  private static String quoted(String value) {
    return '"' + value + '"';
  }

  private static List<String> entries(JsonFields fields, String field) {
    List<String> entries = fields.texts(field);
    for (String each : entries) {
      if (each.startsWith(QuantizedMatrices.EXPRESSION)) {
        try {
          Pattern.compile(each.substring(QuantizedMatrices.EXPRESSION.length()));
        } catch (PatternSyntaxException e) {
          throw fields.unsupported(field, "regular expressions that Java reads too");
        }
      }
    }
    return entries;
  }
}
