package dev.baton.kv.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Writer and reader of a ring on one thread, in every order that a seed can think of. */
class RingTest {
  private static final int SEEDS = 300;
  private static final int CAPACITY = RingForm.LEAST_CAPACITY;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment segment = arena.allocate(RingForm.DATA_AT + CAPACITY, 64);
  private int wakesOfReader;
  private int wakesOfWriter;

  @AfterEach
  void free() {
    arena.close();
  }

  private RingWriter writer() {
    return new RingWriter(segment, 1, 2, () -> wakesOfReader++);
  }

  private RingReader reader() {
    return new RingReader(segment, () -> wakesOfWriter++);
  }

  private MemorySegment plane(byte[] bytes) {
    return arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  private static byte[] random(int length, Random random) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  @Test
  void whatIsReadIsWhatWasWrittenInWhateverOrderBothSidesMove() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      // From one byte to more than the ring holds, so that the ring wraps many times.
      int[] lengths = random.ints(8, 1, 1 + CAPACITY / (1 + random.nextInt(60)) * 3 / 2).toArray();
      byte[][] heads = new byte[lengths.length][];
      byte[][] payloads = new byte[lengths.length][];
      RingWriter writer = writer();
      RingReader reader = reader();
      Records records = new Records(number -> lengths[number]);
      int begun = 0;
      while (records.whole.size() < lengths.length) {
        if (random.nextBoolean()) {
          if (!writer.isBusy() && begun < lengths.length) {
            heads[begun] = random(44, random);
            payloads[begun] = random(lengths[begun], random);
            writer.begin(heads[begun], plane(payloads[begun]));
            begun++;
          }
          writer.advance(1 + random.nextInt(CAPACITY));
        } else {
          reader.drain(records, 1 + random.nextInt(CAPACITY));
        }
      }
      for (int i = 0; i < lengths.length; i++) {
        byte[] came = records.whole.get(i);
        assertThat(Arrays.copyOf(came, 40))
            .as("seed %d", seed)
            .isEqualTo(Arrays.copyOf(heads[i], 40));
        assertThat(Arrays.copyOfRange(came, 44, came.length))
            .as("seed %d", seed)
            .isEqualTo(payloads[i]);
      }
      assertThat(writer.isDrained()).as("seed %d", seed).isTrue();
    }
  }

  @Test
  void aHeadCarriesTheSumOfItsFirstFortyBytes() throws Exception {
    byte[] head = random(44, new Random(1));
    RingWriter writer = writer();
    writer.begin(head, plane(new byte[] {7}));
    writer.advance(CAPACITY);
    Records records = new Records(_ -> 1);
    reader().drain(records, CAPACITY);
    CRC32C sum = new CRC32C();
    sum.update(head, 0, 40);
    int stated =
        MemorySegment.ofArray(records.whole.getFirst()).get(ValueLayout.JAVA_INT_UNALIGNED, 40);
    assertThat(stated).isEqualTo((int) sum.getValue());
  }

  @Test
  void aWriterStopsWhenTheRingIsFullAndGoesOnWhenItIsRead() throws Exception {
    int length = 3 * CAPACITY;
    byte[] payload = random(length, new Random(2));
    RingWriter writer = writer();
    RingReader reader = reader();
    Records records = new Records(_ -> length);
    writer.begin(new byte[44], plane(payload));
    int put = writer.advance(Integer.MAX_VALUE);
    assertThat(put).isBetween(CAPACITY / 2, CAPACITY);
    assertThat(writer.advance(Integer.MAX_VALUE)).isZero();
    assertThat(writer.hasRoom()).isFalse();
    while (writer.isBusy()) {
      assertThat(reader.drain(records, CAPACITY)).isPositive();
      writer.advance(Integer.MAX_VALUE);
    }
    reader.drain(records, CAPACITY);
    assertThat(Arrays.copyOfRange(records.whole.getFirst(), 44, 44 + length)).isEqualTo(payload);
  }

  @Test
  void aSleepingReaderIsWokenOnceAndAReaderThatIsAwakeNever() throws Exception {
    RingWriter writer = writer();
    RingReader reader = reader();
    Records records = new Records(_ -> 100);
    writer.begin(new byte[44], plane(new byte[100]));
    writer.advance(CAPACITY);
    assertThat(wakesOfReader).isEqualTo(1);
    writer.begin(new byte[44], plane(new byte[100]));
    writer.advance(CAPACITY);
    assertThat(wakesOfReader).isEqualTo(1);
    assertThat(reader.sleep()).as("there is something to read").isFalse();
    reader.drain(records, CAPACITY);
    assertThat(reader.sleep()).isTrue();
    writer.begin(new byte[44], plane(new byte[100]));
    writer.advance(CAPACITY);
    assertThat(wakesOfReader).isEqualTo(2);
  }

  @Test
  void aSleepingWriterIsWokenOnceHalfOfTheRingIsFree() throws Exception {
    RingWriter writer = writer();
    RingReader reader = reader();
    Records records = new Records(_ -> 2 * CAPACITY);
    assertThat(writer.sleep()).as("there is room").isFalse();
    writer.begin(new byte[44], plane(new byte[2 * CAPACITY]));
    writer.advance(Integer.MAX_VALUE);
    assertThat(writer.sleep()).isTrue();
    reader.drain(records, 1);
    assertThat(wakesOfWriter).isZero();
    reader.drain(records, CAPACITY);
    assertThat(wakesOfWriter).isEqualTo(1);
  }

  @Test
  void aWriterThatAlwaysSaysThatItSleepsIsWokenAFewTimesOnly() throws Exception {
    int length = CAPACITY / 2;
    RingWriter writer = writer();
    writer.begin(new byte[44], plane(new byte[length]));
    writer.advance(Integer.MAX_VALUE);
    RingReader reader = reader();
    Records records = new Records(_ -> length);
    for (long written = RingForm.LINE; written < length; written++) {
      segment.set(RingForm.LONG, RingForm.WRITTEN_AT, written);
      segment.set(RingForm.INT, RingForm.WRITER_ASLEEP_AT, 1);
      reader.drain(records, 1);
    }
    assertThat(wakesOfWriter).isBetween(1, 1 + RingForm.MOST_WAKES / 2);
  }

  @Test
  void aTornRecordIsNeverGivenOut() throws Exception {
    Random random = new Random(3);
    byte[] payload = random(50_000, random);
    for (int lines = 0; lines < 50_000 / 64; lines += 7) {
      RingWriter writer = writer();
      writer.begin(new byte[44], plane(payload));
      writer.advance(Integer.MAX_VALUE);
      // What a reader sees of a writer that died here.
      segment.set(RingForm.LONG, RingForm.WRITTEN_AT, lines * 64L + random.nextInt(64));
      Records records = new Records(_ -> payload.length);
      RingReader reader = reader();
      while (reader.drain(records, CAPACITY) > 0) {}
      assertThat(records.whole).isEmpty();
    }
  }

  @Test
  void everyFlippedBitOfARecordIsNoticed() throws Exception {
    byte[] payload = random(100, new Random(4));
    int record = 64 + 100 + RingForm.tailBytes(100);
    int noticed = 0;
    for (int bit = 0; bit < 8 * record; bit++) {
      RingWriter writer = writer();
      writer.begin(new byte[44], plane(payload));
      writer.advance(CAPACITY);
      long at = RingForm.DATA_AT + bit / 8;
      byte flipped = (byte) (segment.get(ValueLayout.JAVA_BYTE, at) ^ (1 << (bit % 8)));
      segment.set(ValueLayout.JAVA_BYTE, at, flipped);
      try {
        reader().drain(new Records(_ -> 100), CAPACITY);
      } catch (Records.WrongSum e) {
        noticed++;
      }
    }
    // The head's own sum, 4 bytes, is compared by whoever reads heads.
    assertThat(noticed).isEqualTo(8 * (40 + 100 + 4));
  }

  @Test
  void aWritersPositionThatCannotBeIsAnError() {
    for (long position : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, CAPACITY + 1L}) {
      RingReader reader = reader();
      segment.set(RingForm.LONG, RingForm.WRITTEN_AT, position);
      assertThatThrownBy(() -> reader.drain(new Records(_ -> 1), CAPACITY))
          .isInstanceOf(RingException.class)
          .hasMessageContaining("ring.written");
      assertThatThrownBy(reader::sleep).isInstanceOf(RingException.class);
    }
  }

  @Test
  void aReadersPositionThatCannotBeIsAnError() throws Exception {
    for (long position : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1 << 30}) {
      RingWriter writer = writer();
      writer.begin(new byte[44], plane(new byte[2 * CAPACITY]));
      writer.advance(Integer.MAX_VALUE);
      segment.set(RingForm.LONG, RingForm.READ_AT, position);
      assertThatThrownBy(writer::hasRoom)
          .isInstanceOf(RingException.class)
          .hasMessageContaining("ring.read");
    }
  }

  @Test
  void whateverStandsInARingTheReaderStaysInItAndComesToAnEnd() throws Exception {
    int errors = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      segment.copyFrom(MemorySegment.ofArray(random((int) segment.byteSize(), random)));
      RingReader reader = reader();
      Records records = new Records(_ -> 1 + random.nextInt(CAPACITY));
      try {
        for (int turn = 0; turn < 50; turn++) {
          long written = random.nextLong(-10, 4L * CAPACITY);
          segment.set(RingForm.LONG, RingForm.WRITTEN_AT, written);
          int taken = reader.drain(records, CAPACITY);
          assertThat(taken)
              .as("seed %d", seed)
              .isLessThanOrEqualTo(CAPACITY + RingForm.PIECE_BYTES);
        }
      } catch (RingException | Records.WrongSum refused) {
        errors++;
      }
      assertThat(records.whole).as("seed %d", seed).isEmpty();
    }
    assertThat(errors).isGreaterThan(SEEDS / 2);
  }

  @Test
  void oneDrainIsBoundedThoughTheWriterKeepsUp() throws Exception {
    RingWriter writer = writer();
    RingReader reader = reader();
    int length = 100_000;
    RingSink<RingException> busy =
        new RingSink<>() {
          @Override
          public int begin(byte[] head) {
            return length;
          }

          @Override
          public void take(MemorySegment piece) throws RingException {
            writer.advance(Integer.MAX_VALUE);
          }

          @Override
          public void end(int sum) {
            writer.begin(new byte[44], plane(new byte[length]));
          }
        };
    writer.begin(new byte[44], plane(new byte[length]));
    writer.advance(Integer.MAX_VALUE);
    assertThat(reader.drain(busy, 64 * 1024))
        .isBetween(64 * 1024, 64 * 1024 + RingForm.PIECE_BYTES);
  }
}
