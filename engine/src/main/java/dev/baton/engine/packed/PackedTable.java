package dev.baton.engine.packed;

import dev.baton.model.WeightDigests;
import dev.baton.model.weights.SourceFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What a file of packed weights says of itself.
 *
 * @param key of sources, form and sections; the file's name
 * @param root whose paths those of the sources are: {@link StaleFiles}
 * @param sources what was packed
 * @param digests of the weights that decide KV
 * @param sections in the order in which they lie
 * @param sums CRC32C of each section's pieces
 */
record PackedTable(
    String key,
    String root,
    List<SourceFile> sources,
    WeightDigests digests,
    List<Section> sections,
    List<int[]> sums) {
  /** The key of what this packing makes of these files. */
  static String key(List<SourceFile> sources, Packing packing) {
    StringBuilder text = new StringBuilder("baton-packed-" + PackedFile.VERSION + "\n");
    text.append(packing.form()).append('\n');
    packing.sections().forEach(each -> text.append(each).append('\n'));
    sources.forEach(each -> text.append(each.state()).append('\n'));
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(text.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  byte[] bytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF(key);
    out.writeUTF(root);
    out.writeInt(sources.size());
    for (SourceFile each : sources) {
      out.writeUTF(each.path().toString());
      out.writeUTF(each.state());
    }
    out.writeInt(digests.lines().size());
    for (String line : digests.lines()) {
      out.writeUTF(line);
    }
    out.writeInt(sections.size());
    for (int i = 0; i < sections.size(); i++) {
      Section section = sections.get(i);
      out.writeUTF(section.content());
      out.writeInt(section.pieces());
      out.writeLong(section.pieceBytes());
      for (int sum : sums.get(i)) {
        out.writeInt(sum);
      }
    }
    return bytes.toByteArray();
  }

  /** Reads what {@link #bytes} made; that it is so, a checksum has said before. */
  static PackedTable of(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    String key = in.readUTF();
    String root = in.readUTF();
    List<SourceFile> sources = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      sources.add(new SourceFile(Path.of(in.readUTF()), in.readUTF()));
    }
    List<String> lines = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      lines.add(in.readUTF());
    }
    List<Section> sections = new ArrayList<>();
    List<int[]> sums = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      Section section = new Section(in.readUTF(), in.readInt(), in.readLong());
      int[] each = new int[section.pieces()];
      for (int i = 0; i < each.length; i++) {
        each[i] = in.readInt();
      }
      sections.add(section);
      sums.add(each);
    }
    return new PackedTable(key, root, sources, new WeightDigests(lines), sections, sums);
  }
}
