package dev.baton.model.weights;

import dev.baton.model.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes one safetensors file: its header when it is made, then the tensors' bytes, in any order
 * and from any thread. Wider elements stand first, so that all are aligned: other readers need
 * that. The file is whole when every byte of every tensor was written.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private static final int ALIGNMENT = 8;

  private final FileChannel channel;
  private final Map<String, Long> offsets;

  private SafetensorsWriter(FileChannel channel, Map<String, Long> offsets) {
    this.channel = channel;
    this.offsets = offsets;
  }

  /**
   * A tensor to write.
   *
   * @param name as Hugging Face names it
   * @param dtype element type
   * @param shape sizes, outermost first
   */
  public record Entry(String name, WeightDtype dtype, List<Integer> shape) {
    /** Copies the shape. */
    public Entry {
      shape = List.copyOf(shape);
    }

    /** Bytes of all elements. */
    public long bytes() {
      return shape.stream().mapToLong(each -> each).reduce(dtype.bytes(), Math::multiplyExact);
    }
  }

  /**
   * Makes the file.
   *
   * @throws IOException if there is one of this name, or it cannot be written
   */
  public static SafetensorsWriter create(Path file, List<Entry> tensors) throws IOException {
    List<Entry> inOrder = new ArrayList<>(tensors);
    inOrder.sort(Comparator.comparingInt((Entry each) -> each.dtype().bytes()).reversed());
    ObjectNode header = Json.MAPPER.createObjectNode();
    header.putObject("__metadata__").put("format", "pt");
    Map<String, Long> offsets = new HashMap<>();
    long end = 0;
    for (Entry each : inOrder) {
      ObjectNode entry = header.putObject(each.name()).put("dtype", each.dtype().name());
      each.shape().forEach(entry.withArray("shape")::add);
      offsets.put(each.name(), end);
      entry.putArray("data_offsets").add(end).add(end += each.bytes());
    }
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT;
    ByteBuffer start =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    start.put(json);
    while (start.hasRemaining()) {
      start.put((byte) ' ');
    }
    offsets.replaceAll((name, offset) -> start.capacity() + offset);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    SafetensorsWriter writer = new SafetensorsWriter(channel, offsets);
    try {
      writer.writeAt(0, start.flip());
      return writer;
    } catch (Throwable e) {
      writer.close();
      throw e;
    }
  }

  /**
   * Writes a part of a tensor. Safe for use by many threads.
   *
   * @param at where it begins, in bytes from the tensor's first
   * @throws IllegalArgumentException if the file has no such tensor
   */
  public void write(String tensor, long at, ByteBuffer bytes) throws IOException {
    Long offset = offsets.get(tensor);
    if (offset == null) {
      throw new IllegalArgumentException("tensor: there is no '" + tensor + "' in this file");
    }
    writeAt(offset + at, bytes);
  }

  private void writeAt(long offset, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      offset += channel.write(bytes, offset);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
