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

/**
 * A tensor as a safetensors file holds it, whatever it means, to make files of that nobody else
 * would write.
 *
 * @param dtype as written
 * @param shape as JSON
 * @param data its bytes
 */
record Stored(String dtype, String shape, byte[] data) {
  /** All tensors of a file. */
  static Map<String, Stored> read(Path path) {
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
  static void write(Path path, Map<String, Stored> tensors) throws IOException {
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
}
