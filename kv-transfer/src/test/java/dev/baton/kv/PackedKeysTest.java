package dev.baton.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackedKeysTest {
  private static final List<BlockKey> KEYS =
      List.of(new BlockKey(1, -2), new BlockKey(Long.MIN_VALUE, 3), new BlockKey(-5, 6));

  @Test
  void packedAndAsBytesTheyAreTheSameKeys() {
    PackedKeys keys = PackedKeys.of(KEYS);
    byte[] bytes = keys.bytes();
    assertThat(bytes).hasSize(48).startsWith(KEYS.get(0).bytes()).endsWith(KEYS.get(2).bytes());
    PackedKeys read = PackedKeys.of(ByteBuffer.wrap(bytes));
    assertThat(read.size()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      assertThat(read.key(i)).isEqualTo(KEYS.get(i));
      assertThat(read.high(i)).isEqualTo(KEYS.get(i).high());
      assertThat(read.low(i)).isEqualTo(KEYS.get(i).low());
    }
  }

  @Test
  void aSliceHasItsPartAndNoMore() {
    PackedKeys slice = PackedKeys.of(KEYS).slice(1, 3).slice(1, 2);
    assertThat(slice.size()).isEqualTo(1);
    assertThat(slice.key(0)).isEqualTo(KEYS.get(2));
    assertThat(slice.bytes()).isEqualTo(KEYS.get(2).bytes());
    assertThatThrownBy(() -> slice.high(1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> slice.slice(0, 2)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void halfAKeyIsRefused() {
    assertThatThrownBy(() -> PackedKeys.of(ByteBuffer.allocate(24)))
        .hasMessageContaining("24 bytes");
  }
}
