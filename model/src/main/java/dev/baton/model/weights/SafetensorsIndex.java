package dev.baton.model.weights;

import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import dev.baton.model.json.JsonFields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Which safetensors files a model has.
 *
 * @param source the file that says so, for messages
 * @param shards paths of the files, in the order of their names
 * @param home the shard that holds a tensor, by tensor name; empty for a model of one file
 */
record SafetensorsIndex(Path source, List<Path> shards, Map<String, Path> home) {
  /** Of the model in {@code directory}. */
  static SafetensorsIndex of(Path directory) {
    Path single = directory.resolve(Weights.FILE);
    if (Files.exists(single)) {
      return new SafetensorsIndex(single, List.of(single), Map.of());
    }
    Path index = directory.resolve(Weights.INDEX);
    if (!Files.exists(index)) {
      throw new ModelException(
          Code.FILE_MISSING,
          single,
          "there is no such file, and no "
              + Weights.INDEX
              + ": weights in other formats must be converted to safetensors");
    }
    return read(index);
  }

  private static SafetensorsIndex read(Path index) {
    JsonFields fields = JsonFields.read(index);
    String expected = "an object that maps tensors to files";
    JsonNode map =
        fields.node("weight_map").orElseThrow(() -> fields.missing("weight_map", expected));
    if (!map.isObject() || map.isEmpty()) {
      throw fields.invalid("weight_map", map, expected);
    }
    Map<String, Path> home = new TreeMap<>();
    Set<Path> shards = new TreeSet<>();
    for (Map.Entry<String, JsonNode> each : map.properties()) {
      Path shard = shard(index, each.getKey(), each.getValue());
      home.put(each.getKey(), shard);
      shards.add(shard);
    }
    return new SafetensorsIndex(index, List.copyOf(shards), Map.copyOf(home));
  }

  /** Only a plain name: a shard is never outside the model's directory. */
  private static Path shard(Path index, String tensor, JsonNode name) {
    if (!name.isString() || !name.stringValue().matches("[A-Za-z0-9._-]+\\.safetensors")) {
      throw new ModelException(
          Code.CONFIG_INVALID,
          index,
          "tensor '"
              + Json.brief(tensor)
              + "' is in "
              + Json.brief(name.toString())
              + ", expected the name of a safetensors file beside the index");
    }
    Path shard = index.resolveSibling(name.stringValue());
    if (!Files.isRegularFile(shard)) {
      throw new ModelException(
          Code.FILE_MISSING,
          shard,
          "there is no such file; "
              + index.getFileName()
              + " names it for tensor '"
              + Json.brief(tensor)
              + "'");
    }
    return shard;
  }
}
