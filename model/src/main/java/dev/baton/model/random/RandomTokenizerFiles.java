package dev.baton.model.random;

import dev.baton.model.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes the files that turn text into the tokens of {@link Syllables} and back. */
final class RandomTokenizerFiles {
  private static final String CHAT_TEMPLATE =
      """
      {{- bos_token }}
      {%- for message in messages %}
          {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
          {{- message['content'] | trim + '<|eot_id|>' }}
      {%- endfor %}
      {%- if add_generation_prompt %}
          {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
      {%- endif %}
      """;

  private RandomTokenizerFiles() {}

  static void write(Path directory, Syllables syllables, int contextTokens) throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), tokenizer(syllables).toString());
    Files.writeString(
        directory.resolve("tokenizer_config.json"), config(contextTokens).toPrettyString());
  }

  private static JsonNode tokenizer(Syllables syllables) {
    ObjectNode file = Json.MAPPER.createObjectNode();
    file.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = file.putArray("added_tokens");
    for (String name : Syllables.SPECIAL) {
      added
          .addObject()
          .put("id", syllables.special(name))
          .put("content", name)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    file.putNull("normalizer");
    byteLevel(file.putObject("pre_tokenizer"));
    beginOfText(file.putObject("post_processor"), syllables);
    byteLevel(file.putObject("decoder"));
    ObjectNode model = file.putObject("model");
    model
        .put("type", "BPE")
        .putNull("dropout")
        .putNull("unk_token")
        .putNull("continuing_subword_prefix")
        .putNull("end_of_word_suffix")
        .put("fuse_unk", false)
        .put("byte_fallback", false)
        .put("ignore_merges", false);
    ObjectNode vocabulary = model.putObject("vocab");
    int ordinary = syllables.tokens().size() - Syllables.SPECIAL.size();
    for (int id = 0; id < ordinary; id++) {
      vocabulary.put(syllables.tokens().get(id), id);
    }
    ArrayNode merges = model.putArray("merges");
    syllables.merges().forEach(merges::add);
    return file;
  }

  private static void byteLevel(ObjectNode node) {
    node.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }

  private static void beginOfText(ObjectNode node, Syllables syllables) {
    String begin = Syllables.SPECIAL.getFirst();
    node.put("type", "TemplateProcessing");
    for (String kind : List.of("single", "pair")) {
      ArrayNode template = node.putArray(kind);
      for (String sequence : kind.equals("single") ? List.of("A") : List.of("A", "B")) {
        int type = sequence.equals("A") ? 0 : 1;
        template.addObject().putObject("SpecialToken").put("id", begin).put("type_id", type);
        template.addObject().putObject("Sequence").put("id", sequence).put("type_id", type);
      }
    }
    ObjectNode special = node.putObject("special_tokens").putObject(begin);
    special.put("id", begin);
    special.putArray("ids").add(syllables.special(begin));
    special.putArray("tokens").add(begin);
  }

  private static JsonNode config(int contextTokens) {
    return Json.MAPPER
        .createObjectNode()
        .put("tokenizer_class", "PreTrainedTokenizerFast")
        .put("bos_token", "<|begin_of_text|>")
        .put("eos_token", "<|eot_id|>")
        .put("clean_up_tokenization_spaces", false)
        .put("model_max_length", contextTokens)
        .put("chat_template", CHAT_TEMPLATE);
  }
}
