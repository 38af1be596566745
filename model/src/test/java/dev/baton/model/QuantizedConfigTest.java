package dev.baton.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.TransformerTensors.Expected;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class QuantizedConfigTest {
  /** As the library's own {@code QuantizationConfig.to_dict} spells it, activations and all. */
  private static final String INT8 =
      """
      {"quant_method": "compressed-tensors", "format": "int-quantized",
       "quantization_status": "compressed", "global_compression_ratio": null,
       "kv_cache_scheme": null, "sparsity_config": {}, "transform_config": {}, "version": "0.20.0",
       "ignore": ["lm_head"],
       "config_groups": {"group_0": {
         "targets": ["Linear"], "input_activations": null, "output_activations": null,
         "format": "int-quantized",
         "weights": {"num_bits": 8, "type": "int", "symmetric": true, "strategy": "group",
           "group_size": 32, "dynamic": false, "block_structure": null, "actorder": null,
           "observer": "memoryless_minmax", "observer_kwargs": {}}}}}
      """;

  @TempDir Path scratch;

  @Test
  void plainModelsHaveNoQuantizedMatrix() {
    ModelDirectory model = ModelDirectory.open(ModelFiles.tiny(scratch));
    assertThat(model.quantized()).isEqualTo(QuantizedMatrices.NONE);
    assertThat(TransformerTensors.of(model.config())).noneMatch(model.quantized()::has);
  }

  @Test
  void matricesAreThoseThatATargetNamesAndNothingIgnoredDoes() {
    assertThat(quantized("['Linear']", "[]"))
        .hasSize(2 * 7 + 1)
        .contains("lm_head.weight", "model.layers.1.mlp.down_proj.weight");
    assertThat(quantized("['Embedding']", "[]")).containsExactly("model.embed_tokens.weight");
    assertThat(quantized("['Linear', 'Embedding']", "['lm_head', 're:.*mlp']"))
        .hasSize(2 * 4 + 1)
        .doesNotContain("lm_head.weight", "model.layers.0.mlp.up_proj.weight");
    assertThat(quantized("['model.layers.0.self_attn.q_proj', 're:model.layers.1.*k_pr']", "[]"))
        .containsExactly(
            "model.layers.0.self_attn.q_proj.weight", "model.layers.1.self_attn.k_proj.weight");
    assertThat(quantized("['Linear']", "['Linear']")).isEmpty();
    // As re.match does: at the beginning, and not up to the end.
    assertThat(quantized("['re:self_attn']", "[]")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/quant_method | 'gptq' | quantization_config.quant_method",
        "/quant_method | 'awq' | compressed-tensors",
        "/quant_method | 'fp8' | quantization_config.quant_method",
        "/quant_method | null | quantization_config.quant_method",
        "/format | 'pack-quantized' | int-quantized",
        "/format | 'float-quantized' | quantization_config.format",
        "/quantization_status | 'frozen' | quantization_config.quantization_status",
        "/kv_cache_scheme | {'num_bits': 8} | kv_cache_scheme",
        "/sparsity_config | {'format': 'sparse-24-bitmask'} | sparsity_config",
        "/transform_config | {'config_groups': {}} | transform_config",
        "/config_groups | {} | one group",
        "/config_groups/group_1 | {} | one group",
        "/config_groups/group_0 | ['Linear'] | group_0",
        "/config_groups/group_0/targets | 'Linear' | list of strings",
        "/config_groups/group_0/targets | ['re:('] | regular expressions",
        "/config_groups/group_0/format | 'pack-quantized' | group_0.format",
        "/config_groups/group_0/input_activations | {'num_bits': 8} | group_0.input_activations",
        "/config_groups/group_0/output_activations | {'num_bits': 8} | output_activations",
        "/config_groups/group_0/weights | null | group_0.weights",
        "/config_groups/group_0/weights/num_bits | 4 | num_bits' is 4, supported: 8",
        "/config_groups/group_0/weights/type | 'float' | weights.type",
        "/config_groups/group_0/weights/symmetric | false | weights.symmetric",
        "/config_groups/group_0/weights/strategy | 'channel' | weights.strategy",
        "/config_groups/group_0/weights/group_size | 128 | group_size' is 128, supported: 32",
        "/config_groups/group_0/weights/group_size | null | group_size' is absent, supported: 32",
        "/config_groups/group_0/weights/dynamic | true | weights.dynamic",
        "/config_groups/group_0/weights/block_structure | [1, 32] | weights.block_structure",
        "/config_groups/group_0/weights/actorder | 'group' | weights.actorder",
        "/ignore | [7] | quantization_config.ignore",
      })
  void whatMeansSomethingElseIsRefusedByFieldAndValue(String field, String value, String hint) {
    Path directory = ModelFiles.tiny(scratch);
    ObjectNode config = (ObjectNode) Json.MAPPER.readTree(INT8);
    JsonPointer at = JsonPointer.compile(field);
    ((ObjectNode) config.at(at.head()))
        .set(at.last().toString().substring(1), Json.MAPPER.readTree(value.replace('\'', '"')));
    quantize(directory, config);
    assertThatThrownBy(() -> ModelDirectory.open(directory))
        .isInstanceOfSatisfying(
            ModelException.class,
            e -> assertThat(e.code()).isIn(Code.UNSUPPORTED, Code.CONFIG_INVALID))
        .hasMessageContainingAll("config.json", hint);
  }

  @Test
  void theOlderNameOfTheFieldIsRefused() {
    Path directory = ModelFiles.tiny(scratch);
    ModelFiles.edit(
        directory,
        "config.json",
        each -> each.set("compression_config", Json.MAPPER.readTree(INT8)));
    assertThatThrownBy(() -> ModelDirectory.open(directory))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("compression_config");
  }

  private List<String> quantized(String targets, String ignore) {
    Path directory = ModelFiles.tiny(scratch);
    ObjectNode config = (ObjectNode) Json.MAPPER.readTree(INT8);
    config.set("ignore", Json.MAPPER.readTree(ignore.replace('\'', '"')));
    ((ObjectNode) config.at("/config_groups/group_0"))
        .set("targets", Json.MAPPER.readTree(targets.replace('\'', '"')));
    quantize(directory, config);
    ModelDirectory model = ModelDirectory.open(directory);
    return TransformerTensors.of(model.config()).stream()
        .filter(model.quantized()::has)
        .map(Expected::name)
        .toList();
  }

  private static void quantize(Path directory, JsonNode config) {
    ModelFiles.edit(directory, "config.json", each -> each.set("quantization_config", config));
  }
}
