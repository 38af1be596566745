package dev.baton.model.weights;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A tensor as a safetensors file holds it, whatever it means, to make files of that nobody else
 * would write.
 *
 * @param dtype as written
 * @param shape as JSON
 * @param data its bytes
 */
public record Stored(String dtype, String shape, byte[] data) {
  /** All tensors of a file. */
  public static Map<String, Stored> read(Path path) {
    Map<String, Stored> tensors = new TreeMap<>();
    try (var arena = Arena.ofConfined()) {
      SafetensorsFile file = SafetensorsFile.map(path, arena);
      file.entries()
          .forEach((name, entry) ->
              tensors.put(
                  name,
                  new Stored(
                      entry.dtype(),
                      entry.shape().toString(),
                      file.bytes(entry).toArray(ValueLayout.JAVA_BYTE))));
    }
    return tensors;
  }

  /** Writes a file of these tensors, in the order of their names. */
  public static void write(Path path, Map<String, Stored> tensors) throws IOException {
    List<String> entries = new ArrayList<>();
    int offset = 0;
    for (var each : tensors.entrySet()) {
      int end = offset + each.getValue().data().length;
      entries.add(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(
                  each.getKey(), each.getValue().dtype(), each.getValue().shape(), offset, end));
      offset = end;
    }
    byte[] json = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + json.length + offset).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    tensors.values().forEach(each -> file.put(each.data()));
    Files.write(path, file.array());
  }

  /** Changes the tensors of a model of one file. */
  public static void edit(Path directory, Consumer<Map<String, Stored>> change) throws IOException {
    Path file = directory.resolve(Weights.FILE);
    Map<String, Stored> tensors = read(file);
    change.accept(tensors);
    write(file, tensors);
  }

  /** Splits a model into two shards and an index. */
  public static void split(Path directory) throws IOException {
    Map<String, Stored> all = read(directory.resolve(Weights.FILE));
    StringBuilder map = new StringBuilder();
    List<Predicate<String>> parts =
        List.of(name -> !name.contains("layers.1."), name -> name.contains("layers.1."));
    for (int i = 0; i < parts.size(); i++) {
      String file = "model-0000%d-of-00002.safetensors".formatted(i + 1);
      Map<String, Stored> part = new TreeMap<>(all);
      part.keySet().removeIf(parts.get(i).negate());
      write(directory.resolve(file), part);
      part.keySet().forEach(name -> map.append(",\"%s\":\"%s\"".formatted(name, file)));
    }
    Files.writeString(
        directory.resolve(Weights.INDEX), "{\"weight_map\":{" + map.substring(1) + "}}");
    Files.delete(directory.resolve(Weights.FILE));
  }
}
