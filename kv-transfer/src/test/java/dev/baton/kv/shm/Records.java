package dev.baton.kv.shm;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.zip.CRC32C;

/** A sink that keeps every record that arrived whole with the right sum. */
final class Records implements RingSink<Records.WrongSum> {
  /** A record's bytes are not those that its sum was made of. */
  static final class WrongSum extends Exception {
    private static final long serialVersionUID = 1;
  }

  final List<byte[]> whole = new ArrayList<>();
  private final IntUnaryOperator lengths;
  private final CRC32C sum = new CRC32C();
  private ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /**
   * Expects records of these lengths.
   *
   * @param lengths length of the record with this number
   */
  Records(IntUnaryOperator lengths) {
    this.lengths = lengths;
  }

  @Override
  public int begin(byte[] head) {
    bytes = new ByteArrayOutputStream();
    bytes.writeBytes(head);
    sum.reset();
    sum.update(head, 0, 40);
    return lengths.applyAsInt(whole.size());
  }

  @Override
  public void take(MemorySegment piece) {
    byte[] copy = piece.toArray(ValueLayout.JAVA_BYTE);
    bytes.writeBytes(copy);
    sum.update(copy);
  }

  @Override
  public void end(int stated) throws WrongSum {
    if (stated != (int) sum.getValue()) {
      throw new WrongSum();
    }
    whole.add(bytes.toByteArray());
  }
}
