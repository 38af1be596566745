package dev.baton.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.baton.model.ModelConfig.Options;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class ModelDirectoryTest {
  /** Llama 3.2 1B, as published, without what no loader reads. */
  private static final String LLAMA_3_2 =
      """
      {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
       "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 64,
       "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
       "intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": false,
       "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 16,
       "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
       "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                        "original_max_position_embeddings": 8192, "rope_type": "llama3"},
       "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
       "transformers_version": "4.45.0.dev0", "use_cache": true, "vocab_size": 128256}
      """;

  /** Llama 2 7B: no GQA, no theta, no scaling, no biases named. */
  private static final String LLAMA_2 =
      """
      {"architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
       "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 11008,
       "max_position_embeddings": 4096, "model_type": "llama", "num_attention_heads": 32,
       "num_hidden_layers": 32, "num_key_value_heads": null, "rms_norm_eps": 1e-05,
       "rope_scaling": null, "tie_word_embeddings": false, "vocab_size": 32000}
      """;

  @TempDir Path directory;

  @Test
  void readsPublishedConfigurations() throws IOException {
    ModelConfig llama3 = config(LLAMA_3_2);
    assertThat(llama3.rope())
        .isEqualTo(new ModelConfig.Rope(500_000, new Scaling.Llama3(32, 1, 4, 8192)));
    assertThat(llama3.headSize()).isEqualTo(64);
    assertThat(llama3.kvHeads()).isEqualTo(8);
    assertThat(llama3.tiedEmbeddings()).isTrue();
    assertThat(llama3.contextTokens()).isEqualTo(131_072);
    ModelConfig llama2 = config(LLAMA_2);
    assertThat(llama2.rope()).isEqualTo(new ModelConfig.Rope(10_000, new Scaling.None()));
    assertThat(llama2.headSize()).isEqualTo(128);
    assertThat(llama2.kvHeads()).isEqualTo(32);
    assertThat(llama2.tiedEmbeddings()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'rope_scaling': {'type': 'linear', 'factor': 4}} | 10000 | linear",
        "{'rope_scaling': {'rope_type': 'linear', 'factor': 4.0}} | 10000 | linear",
        "{'rope_theta': 5e5, 'rope_scaling': {'rope_type': 'default'}} | 500000 | none",
        "{'rope_parameters': {'rope_theta': 7, 'rope_type': 'default'}} | 7 | none",
        "{'rope_scaling': {'type': 'dynamic', 'factor': 4}} | 10000 | none",
        "{'rope_theta': 8, 'rope_parameters': {'rope_type': 'linear', 'factor': 4}} | 8 | linear",
        "{'rope_parameters': {'rope_theta': 7, 'rope_type': 'llama3', 'factor': 8, 'low_freq_factor':"
            + " 1, 'high_freq_factor': 4, 'original_max_position_embeddings': 99}} | 7 | llama3",
        "{'original_max_position_embeddings': 99, 'rope_scaling': {'rope_type': 'llama3', 'factor':"
            + " 8, 'low_freq_factor': 1, 'high_freq_factor': 4}} | 10000 | llama3",
      })
  void readsEverySpellingOfRope(String fields, double theta, String kind) throws IOException {
    ModelConfig config = config(LLAMA_2, each -> each.setAll((ObjectNode) json(fields)));
    Scaling expected =
        switch (kind) {
          case "linear" -> new Scaling.Linear(4);
          case "llama3" -> new Scaling.Llama3(8, 1, 4, 99);
          default -> new Scaling.None();
        };
    assertThat(config.rope()).isEqualTo(new ModelConfig.Rope(theta, expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "architectures | ['GemmaForCausalLM'] | UNSUPPORTED | Qwen3ForCausalLM",
        "architectures | ['LlamaForCausalLM', 'LlamaForCausalLM'] | UNSUPPORTED | LlamaForCausalLM",
        "architectures | 'LlamaForCausalLM' | CONFIG_INVALID | list",
        "architectures | [] | CONFIG_INVALID | list",
        "architectures | [7] | CONFIG_INVALID | list",
        "architectures | null | CONFIG_INVALID | missing",
        "hidden_act | 'gelu' | UNSUPPORTED | gelu",
        "attention_bias | 'no' | CONFIG_INVALID | true or false",
        "quantization_config | {'bits': 4} | UNSUPPORTED | quant_method",
        "hidden_size | null | CONFIG_INVALID | missing",
        "hidden_size | 0 | CONFIG_INVALID | from 1",
        "hidden_size | -4096 | CONFIG_INVALID | -4096",
        "hidden_size | 4096.0 | CONFIG_INVALID | 4096.0",
        "hidden_size | '4096' | CONFIG_INVALID | integer",
        "hidden_size | 99999999999999999999999 | CONFIG_INVALID | integer",
        "hidden_size | 4098 | CONFIG_INVALID | num_attention_heads",
        "hidden_size | 32 | CONFIG_INVALID | even",
        "head_dim | 3 | CONFIG_INVALID | even",
        "num_key_value_heads | 5 | CONFIG_INVALID | divisor",
        "num_hidden_layers | null | CONFIG_INVALID | missing",
        "num_hidden_layers | 2147483648 | CONFIG_INVALID | integer",
        "num_hidden_layers | true | CONFIG_INVALID | true",
        "intermediate_size | {} | CONFIG_INVALID | integer",
        "vocab_size | [1] | CONFIG_INVALID | integer",
        "max_position_embeddings | null | CONFIG_INVALID | missing",
        "rms_norm_eps | null | CONFIG_INVALID | missing",
        "rms_norm_eps | 0 | CONFIG_INVALID | (0, 1)",
        "rms_norm_eps | 1e999 | CONFIG_INVALID | number",
        "rope_theta | -1 | CONFIG_INVALID | greater",
        "rope_scaling | {'rope_type': 'longrope', 'factor': 2} | UNSUPPORTED | yarn",
        "rope_scaling | {'rope_type': 'yarn', 'factor': 0.5} | CONFIG_INVALID | 0.5",
        "rope_scaling | {'rope_type': 'yarn', 'factor': 2, 'beta_slow': 33} | CONFIG_INVALID | beta_fast",
        "rope_scaling | {'rope_type': 'yarn', 'attention_factor': 0} | CONFIG_INVALID | greater",
        "rope_scaling | {'rope_type': 'yarn', 'truncate': 1} | CONFIG_INVALID | true or false",
        "rope_scaling | {'type': 'dynamic'} | CONFIG_INVALID | rope_scaling.factor",
        "rope_parameters | {'full_attention': {'rope_type': 'default'}} | UNSUPPORTED | same RoPE",
        "rope_scaling | {'type': 7} | CONFIG_INVALID | string",
        "rope_scaling | {'type': 'linear'} | CONFIG_INVALID | rope_scaling.factor",
        "rope_scaling | {'type': 'linear', 'factor': 0.5} | CONFIG_INVALID | 0.5",
        "rope_scaling | {'type': 'llama3', 'factor': 2, 'low_freq_factor': 4, 'high_freq_factor': 1,"
            + " 'original_max_position_embeddings': 9} | CONFIG_INVALID | less than",
        "rope_scaling | 'llama3' | CONFIG_INVALID | object",
        "rope_parameters | {'rope_type': 'default', 'partial_rotary_factor': 0.5} | UNSUPPORTED | 0.5",
        "tie_word_embeddings | 1 | CONFIG_INVALID | true or false",
        "eos_token_id | 32000 | CONFIG_INVALID | 31999",
        "eos_token_id | [2, -1] | CONFIG_INVALID | -1",
        "eos_token_id | '</s>' | CONFIG_INVALID | integer",
      })
  void wrongFieldGivesOneErrorNamingFileAndField(String field, String value, Code code, String hint)
      throws IOException {
    ModelException fault =
        catchThrowableOfType(
            ModelException.class, () -> config(LLAMA_2, each -> each.set(field, json(value))));
    assertThat(fault.code()).isEqualTo(code);
    assertThat(fault).hasMessageContaining("config.json").hasMessageContaining(hint);
    assertThat(fault.getMessage()).contains(field).hasLineCount(1).hasSizeLessThan(600);
  }

  /** Of Hugging Face's {@code modeling_rope_utils.py}, by hand: 0.1 ln 4 + 1 is 1.1386. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'factor': 4.0, 'original_max_position_embeddings': 32768} | 4 | 32768 | 1.1386 | 131072",
        "{'factor': 4.0} | 4 | 4096 | 1.1386 | 16384",
        "{'original_max_position_embeddings': 1024} | 4 | 1024 | 1.1386 | 4096",
        "{'factor': 4, 'attention_factor': 1.5} | 4 | 4096 | 1.5 | 16384",
        "{'factor': 4, 'mscale': 2, 'mscale_all_dim': 0.5} | 4 | 4096 | 1.1945 | 16384",
        "{'factor': 4, 'mscale': 2} | 4 | 4096 | 1.1386 | 16384",
        "{'factor': 1} | 1 | 4096 | 1 | 4096",
      })
  void yarnsDefaultsAreThoseOfTransformers(
      String fields, double factor, int original, double growth, int context) throws IOException {
    ObjectNode yarn = (ObjectNode) json(fields);
    ModelConfig config =
        config(LLAMA_2, each -> each.set("rope_scaling", yarn.put("rope_type", "yarn")));
    assertThat(config.rope().scaling())
        .isInstanceOfSatisfying(
            Scaling.Yarn.class,
            read -> {
              assertThat(read.factor()).isEqualTo(factor);
              assertThat(read.originalContext()).isEqualTo(original);
              assertThat(read.attentionFactor()).isCloseTo(growth, within(5e-5));
              assertThat(read.fastTurns()).isEqualTo(32);
              assertThat(read.slowTurns()).isEqualTo(1);
              assertThat(read.wholePairs()).isTrue();
            });
    assertThat(config.contextTokens()).isEqualTo(context);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Llama | {'sliding_window': 9} | false | false | false | false",
        "Llama | {'attention_bias': true} | true | true | false | false",
        "Llama | {'mlp_bias': true} | false | false | true | false",
        "Mistral | {'sliding_window': null} | false | false | false | false",
        "Qwen2 | {} | true | false | false | false",
        "Qwen2 | {'attention_bias': false} | true | false | false | false",
        "Qwen3 | {} | false | false | false | true",
        "Qwen3 | {'attention_bias': true} | true | true | false | true",
      })
  void biasesAndNormsAreThoseOfTheFamily(
      String family,
      String fields,
      boolean input,
      boolean output,
      boolean feedForward,
      boolean norms)
      throws IOException {
    assertThat(of(family, fields).options())
        .isEqualTo(new Options(input, output, feedForward, norms, SlidingWindow.NONE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      nullValues = "none",
      value = {
        "Mistral | {'sliding_window': 1024} | 1024 | 0 1 2 3",
        "Mistral | {} | 4096 | 0 1 2 3",
        "Mistral | {'sliding_window': 32768} | 2147483647 | none",
        "Mistral | {'sliding_window': null, 'layer_types': ['f', 'f', 'f', 'f']} | 2147483647 | none",
        "Ministral | {'sliding_window': 9, 'layer_types': ['s', 'f', 's', 'f']} | 9 | 0 2",
        "Ministral | {'sliding_window': 9} | 9 | 0 1 2 3",
        "Qwen2 | {'sliding_window': 9, 'max_window_layers': 1} | 2147483647 | none",
        "Qwen2 | {'use_sliding_window': true, 'sliding_window': 9, 'max_window_layers': 1} | 9 | 1 2 3",
        "Qwen2 | {'use_sliding_window': true, 'max_window_layers': 3} | 4096 | 3",
        "Qwen2 | {'use_sliding_window': true, 'sliding_window': 9} | 2147483647 | none",
        "Qwen3 | {'use_sliding_window': true, 'sliding_window': 9, 'max_window_layers': 0,"
            + " 'layer_types': ['f', 'f', 's', 'f']} | 9 | 2",
      })
  void windowsAreThoseOfTransformers(String family, String fields, int tokens, String layers)
      throws IOException {
    String types = fields.replace("'f'", "'full_attention'").replace("'s'", "'sliding_attention'");
    SlidingWindow window = of(family, types).options().slidingWindow();
    assertThat(window.tokens()).isEqualTo(tokens);
    assertThat(window.layers().stream().map(String::valueOf).collect(Collectors.joining(" ")))
        .isEqualTo(layers == null ? "" : layers);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Mistral | {'sliding_window': 0} | sliding_window",
        "Mistral | {'sliding_window': 9, 'layer_types': ['sliding_attention', 'sliding_attention',"
            + " 'full_attention', 'sliding_attention']} | MinistralForCausalLM",
        "Mistral | {'attention_bias': true} | attention_bias",
        "Mistral | {'num_key_value_heads': 3} | num_key_value_heads",
        "Ministral | {'sliding_window': null, 'layer_types': ['sliding_attention', 'full_attention',"
            + " 'full_attention', 'full_attention']} | only \"full_attention\"",
        "Ministral | {'layer_types': ['full_attention']} | num_hidden_layers 4",
        "Ministral | {'layer_types': ['full_attention', 'full_attention', 'full_attention',"
            + " 'chunked_attention']} | lists of",
        "Qwen2 | {'mlp_bias': true} | mlp_bias",
        "Qwen2 | {'use_sliding_window': 1} | true or false",
        "Qwen3 | {'head_dim': null} | head_dim",
      })
  void optionsThatAFamilyCannotHaveAreRefused(String family, String fields, String hint) {
    assertThatThrownBy(() -> of(family, fields))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(hint);
  }

  @Test
  void sizesThatOtherClassesDefaultToOneCheckpointMustBeThere() {
    for (String family : new String[] {"Mistral", "Ministral", "Qwen2", "Qwen3"}) {
      assertThatThrownBy(() ->
              config(
                  LLAMA_2,
                  each -> {
                    each.putArray("architectures").add(family + "ForCausalLM");
                    each.remove("num_key_value_heads");
                  }))
          .hasMessageContaining("num_key_value_heads");
    }
  }

  /** What is written of a published configuration is read as the same. */
  @Test
  void configurationsSurviveTheirFile() throws IOException {
    for (String name : PublishedModels.names()) {
      ModelConfig published = PublishedModels.config(name).orElseThrow();
      assertThat(config(ConfigJson.of(published).toString())).as(name).isEqualTo(published);
    }
    for (String fields :
        new String[] {
          "{'attention_bias': true, 'mlp_bias': true}",
          "{'rope_scaling': {'rope_type': 'linear', 'factor': 3}}",
          "{'rope_scaling': {'rope_type': 'yarn', 'factor': 3, 'truncate': false, 'beta_slow': 2}}"
        }) {
      ModelConfig read = of("Llama", fields);
      assertThat(config(ConfigJson.of(read).toString())).as(fields).isEqualTo(read);
    }
    ModelConfig qwen =
        of("Qwen3", "{'use_sliding_window': true, 'max_window_layers': 2, 'attention_bias': true}");
    assertThat(config(ConfigJson.of(qwen).toString())).isEqualTo(qwen);
  }

  /** A configuration of four layers and 32768 positions with the fields of a family. */
  private ModelConfig of(String family, String fields) throws IOException {
    return config(
        LLAMA_2,
        each -> {
          each.putArray("architectures").add(family + "ForCausalLM");
          each.put("num_hidden_layers", 4).put("head_dim", 64);
          each.put("max_position_embeddings", 32768);
          each.setAll((ObjectNode) json(fields));
        });
  }

  @Test
  void twoDifferentRopesAreRefused() {
    assertThatThrownBy(() ->
            config(
                LLAMA_2,
                each -> {
                  each.set("rope_scaling", json("{'type': 'linear', 'factor': 2}"));
                  each.set("rope_parameters", json("{'rope_type': 'default'}"));
                }))
        .hasMessageContaining("rope_scaling")
        .hasMessageContaining("rope_parameters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "{\"a\": 1} {\"b\": 2}",
        "{\"vocab_size\": 1, \"vocab_size\": 2}",
        "{\"vocab_size\": NaN}",
        "\uFEFF\u0000",
      })
  void fileThatIsNoJsonObjectIsCorrupt(String content) throws IOException {
    Files.writeString(directory.resolve("config.json"), content);
    assertThatThrownBy(() -> ModelDirectory.open(directory))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.code()).isEqualTo(Code.FILE_CORRUPT))
        .hasMessageContaining("config.json");
  }

  @Test
  void hostileJsonIsCorruptAndNoStackOverflow() throws IOException {
    Path file = directory.resolve("config.json");
    for (byte[] content :
        new byte[][] {
          "[".repeat(1_000_000).getBytes(StandardCharsets.UTF_8),
          ("{\"a\":".repeat(100_000)).getBytes(StandardCharsets.UTF_8),
          ("{\"vocab_size\": 1" + "0".repeat(1_000_000) + "}").getBytes(StandardCharsets.UTF_8),
          {'{', '"', (byte) 0xFF, (byte) 0xFE, '"', ':', '1', '}'},
        }) {
      Files.write(file, content);
      assertThatThrownBy(() -> ModelDirectory.open(directory))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("config.json");
    }
  }

  @Test
  void missingDirectoryAndFileAreNamed() {
    assertThatThrownBy(() -> ModelDirectory.open(directory.resolve("nowhere")))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.code()).isEqualTo(Code.FILE_MISSING))
        .hasMessageContaining("nowhere");
    assertThatThrownBy(() -> ModelDirectory.open(directory))
        .hasMessageContaining("config.json")
        .hasMessageContaining("no such file");
  }

  @Test
  void generationDefaultsComeFromTheirFileAndEndTokensFallBack() throws IOException {
    config(LLAMA_2);
    GenerationDefaults without = ModelDirectory.open(directory).generationDefaults();
    assertThat(without.endOfSequence()).containsExactly(2);
    assertThat(without.temperature()).isEmpty();
    Path file = directory.resolve("generation_config.json");
    Files.writeString(file, "{\"temperature\": 0.6, \"top_p\": 0.9, \"top_k\": 50}");
    GenerationDefaults sampled = ModelDirectory.open(directory).generationDefaults();
    assertThat(sampled.endOfSequence()).containsExactly(2);
    assertThat(sampled.temperature()).isEqualTo(OptionalDouble.of(0.6));
    assertThat(sampled.topP()).isEqualTo(OptionalDouble.of(0.9));
    assertThat(sampled.topK()).isEqualTo(OptionalInt.of(50));
    Files.writeString(file, "{\"eos_token_id\": [9, 7, 9]}");
    assertThat(ModelDirectory.open(directory).generationDefaults().endOfSequence())
        .containsExactly(7, 9);
    for (String wrong :
        new String[] {
          "{\"temperature\": -1}",
          "{\"top_p\": 0}",
          "{\"top_k\": -1}",
          "{\"top_p\": \"x\"}",
          "{\"repetition_penalty\": 0}",
          "{\"eos_token_id\": 1.5}"
        }) {
      Files.writeString(file, wrong);
      assertThatThrownBy(() -> ModelDirectory.open(directory))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("generation_config.json")
          .hasMessageContaining(wrong.substring(2, wrong.indexOf('"', 2)));
    }
  }

  private ModelConfig config(String json) throws IOException {
    return config(json, each -> {});
  }

  private ModelConfig config(String json, Consumer<ObjectNode> change) throws IOException {
    ObjectNode fields = (ObjectNode) Json.MAPPER.readTree(json);
    change.accept(fields);
    Files.writeString(directory.resolve("config.json"), fields.toString());
    return ModelDirectory.open(directory).config();
  }

  private static tools.jackson.databind.JsonNode json(String single) {
    return Json.MAPPER.readTree(single.replace('\'', '"'));
  }
}
