package dev.baton.engine.packed;

import dev.baton.model.weights.SourceFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * The form of a file of packed weights: a page with a header, little-endian, then the sections, one
 * after the other, then the {@link PackedTable}.
 *
 * <pre>
 *  0  u64  magic, the bytes BATONPKD
 *  8  u32  version
 * 12  u32  bytes of the table, which end the file
 * 16  u64  where the table begins
 * 24  u32  CRC32C of the table
 * 28  u32  CRC32C of bytes 0 to 27
 * </pre>
 *
 * <p>Once it has its name it is never changed: processes have it mapped, and a file that gets
 * shorter under a mapping kills them. It may be removed at any time.
 */
final class PackedFile {
  /** Raise it with every change of this form. */
  static final int VERSION = 1;

  private static final long MAGIC = 0x444B504E4F544142L;
  private static final int HEADER_BYTES = 32;
  private static final int HEADER_SUM_AT = 28;
  private static final long DATA_AT = 4096;
  private static final int ALIGNMENT = 64;

  /** At once: where it can, Linux keeps what is written at once in pages of 2 MiB. */
  private static final long WRITE_BYTES = 32 << 20;

  private PackedFile() {}

  /** Bytes of a file of these sections, without its table. */
  static long bytes(List<Section> sections) {
    return DATA_AT + sections.stream().mapToLong(Section::bytes).sum();
  }

  /** Packs into this file, which exists; pieces in parallel, on the common pool. */
  static void write(Path file, String key, String root, List<SourceFile> sources, Packing packing)
      throws IOException {
    List<Section> sections = packing.sections();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      List<int[]> sums = new ArrayList<>();
      long at = DATA_AT;
      for (int i = 0; i < sections.size(); i++) {
        sums.add(pack(channel, at, packing, i));
        at += sections.get(i).bytes();
      }
      PackedTable table = new PackedTable(key, root, sources, packing.digests(), sections, sums);
      ByteBuffer bytes = ByteBuffer.wrap(table.bytes());
      ByteBuffer header = little(HEADER_BYTES);
      header.putLong(MAGIC).putInt(VERSION).putInt(bytes.remaining()).putLong(at);
      header.putInt(sum(bytes.duplicate()));
      header.putInt(sum(header.duplicate().flip()));
      writeAll(channel, bytes, at);
      writeAll(channel, header.flip(), 0);
      channel.force(true);
    }
  }

  private static int[] pack(FileChannel channel, long at, Packing packing, int index)
      throws IOException {
    Section section = packing.sections().get(index);
    int[] sums = new int[section.pieces()];
    int together = Math.clamp(WRITE_BYTES / section.pieceBytes(), 1, sums.length);
    for (int first = 0; first < sums.length; first += together) {
      int count = Math.min(together, sums.length - first);
      try (Arena arena = Arena.ofShared()) {
        MemorySegment packed = arena.allocate(count * section.pieceBytes(), ALIGNMENT);
        pack(packed, first, packing, index, sums);
        writeAll(channel, packed.asByteBuffer(), at + first * section.pieceBytes());
      }
    }
    return sums;
  }

  /** Packs pieces from the first on, as many as there is room for. */
  private static void pack(MemorySegment to, int first, Packing packing, int index, int[] sums) {
    long pieceBytes = packing.sections().get(index).pieceBytes();
    IntStream.range(0, (int) (to.byteSize() / pieceBytes))
        .parallel()
        .forEach(i -> {
          MemorySegment piece = to.asSlice(i * pieceBytes, pieceBytes);
          packing.pack(index, first + i, piece);
          sums[first + i] = sum(piece.asByteBuffer());
        });
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
    long next = at;
    while (bytes.hasRemaining()) {
      next += channel.write(bytes, next);
    }
  }

  /**
   * Reads the table alone.
   *
   * @throws DamagedFileException if the file is not whole, or of another form
   */
  static PackedTable table(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return table(channel);
    }
  }

  private static PackedTable table(FileChannel channel) throws IOException {
    ByteBuffer header = read(channel, 0, HEADER_BYTES);
    if (header.getLong() != MAGIC || header.getInt() != VERSION) {
      throw new DamagedFileException("no packed weights of version " + VERSION);
    }
    int length = header.getInt();
    long at = header.getLong();
    int tableSum = header.getInt();
    if (header.getInt() != sum(header.slice(0, HEADER_SUM_AT))) {
      throw new DamagedFileException("the header's checksum is another one");
    }
    if (channel.size() != at + length) {
      throw new DamagedFileException(
          channel.size() + " bytes, expected " + (at + length) + " by its header");
    }
    ByteBuffer table = read(channel, at, length);
    if (sum(table.duplicate()) != tableSum) {
      throw new DamagedFileException("the table's checksum is another one");
    }
    byte[] bytes = new byte[length];
    table.get(bytes);
    return PackedTable.of(bytes);
  }

  private static ByteBuffer read(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer bytes = little(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, at + bytes.position()) < 0) {
        throw new DamagedFileException("it ends after " + channel.size() + " bytes");
      }
    }
    return bytes.flip();
  }

  /**
   * Maps a file and reads all of it, in parallel, so that what does not match its checksum is
   * noticed and the rest is in memory.
   *
   * @throws DamagedFileException if it is not what was written of these sections under this key
   */
  static PackedWeights map(Path file, String key, List<Section> sections) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      PackedTable table = table(channel);
      if (!table.key().equals(key)
          || !table.sections().equals(sections)
          || channel.size() < bytes(sections)) {
        throw new DamagedFileException("it was packed of something else");
      }
      PackedWeights mapped = new PackedWeights(channel, DATA_AT, table);
      try {
        requireWhole(mapped, table);
        return mapped;
      } catch (Throwable e) {
        mapped.arena().close();
        throw e;
      }
    }
  }

  private record Piece(Section section, MemorySegment bytes, int sum) {
    boolean isDamaged() {
      return PackedFile.sum(bytes.asByteBuffer()) != sum;
    }
  }

  private static void requireWhole(PackedWeights mapped, PackedTable table)
      throws DamagedFileException {
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < table.sections().size(); i++) {
      Section section = table.sections().get(i);
      int[] sums = table.sums().get(i);
      for (int piece = 0; piece < sums.length; piece++) {
        MemorySegment bytes =
            mapped.sections().get(i).asSlice(piece * section.pieceBytes(), section.pieceBytes());
        pieces.add(new Piece(section, bytes, sums[piece]));
      }
    }
    List<Piece> damaged = pieces.parallelStream().filter(Piece::isDamaged).toList();
    if (!damaged.isEmpty()) {
      throw new DamagedFileException(
          "%d of %d pieces do not match their checksums, the first one of %s"
              .formatted(damaged.size(), pieces.size(), damaged.getFirst().section().content()));
    }
  }

  private static int sum(ByteBuffer bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return (int) sum.getValue();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
