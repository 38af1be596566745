package dev.baton.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path directory;

  @Test
  void readsUnalignedDataOfEveryTensor() throws IOException {
    String header =
        "{'__metadata__':{'format':'pt'},'b':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
            + "'a':{'dtype':'F32','shape':[2,1],'data_offsets':[1,9]},"
            + "'none':{'dtype':'F32','shape':[0,4],'data_offsets':[9,9]},"
            + "'one':{'dtype':'BF16','shape':[],'data_offsets':[9,11]}}";
    ByteBuffer data = ByteBuffer.allocate(11).order(ByteOrder.LITTLE_ENDIAN);
    data.put((byte) 7).putFloat(1.5f).putFloat(-2).putShort((short) 3);
    Path path = write(header, data.array());
    try (Arena arena = Arena.ofConfined()) {
      SafetensorsFile file = SafetensorsFile.map(path, arena);
      assertThat(file.entries().keySet()).containsExactly("b", "a", "none", "one");
      SafetensorsHeader.Entry a = file.entries().get("a");
      assertThat(a.shape()).containsExactly(2L, 1L);
      assertThat(file.bytes(a).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4)).isEqualTo(-2f);
      assertThat(file.bytes(a).isReadOnly()).isTrue();
      assertThat(file.bytes(file.entries().get("none")).byteSize()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | object",
        "{\"a | JSON",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} x | JSON",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} {} | goes on",
        "{'a':7} | 'a'",
        "{'a':{'shape':[1],'data_offsets':[0,4]}} | 'a' has no dtype",
        "{'a':{'dtype':4,'shape':[1],'data_offsets':[0,4]}} | 'a' has no dtype",
        "{'a':{'dtype':'F32','data_offsets':[0,4]}} | 'a' has no list 'shape'",
        "{'a':{'dtype':'F32','shape':[1]}} | 'a' has no list 'data_offsets'",
        "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | 'a' has shape",
        "{'a':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}} | 'a' has shape",
        "{'a':{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}} | 'a' has shape",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | 'a' has data_offsets",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 'a' has data_offsets",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | 'a' has data_offsets",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,99999999999999999999]}} | 'a' has",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,9223372036854775807]}} | 'a' ends",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} | 'a' ends at byte 12",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | 'a' has 4 bytes, expected 8",
        "{'a':{'dtype':'F16','shape':[4],'data_offsets':[0,4]}} | 'a' has 4 bytes, expected 8",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,4]}} | impossible",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 'a' is in the header twice",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'shape':[2]}} | shape",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
            + "'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 'b' overlaps tensor 'a'",
        "{'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 'b' leaves a hole",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | the file holds 8",
        "{} | the file holds 8",
      })
  void wrongHeaderIsCorruptAndNamesTheTensor(String header, String hint) throws IOException {
    Path path = write(header, new byte[8]);
    ModelException fault = fault(path);
    assertThat(fault.code()).isEqualTo(Code.FILE_CORRUPT);
    assertThat(fault).hasMessageContaining(path.toString()).hasMessageContaining(hint);
    assertThat(fault.getMessage()).hasLineCount(1).hasSizeLessThan(500);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 9, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE, -1})
  void headerLengthOutOfBoundsIsCorrupt(long length) throws IOException {
    Path path = directory.resolve("x.safetensors");
    Files.write(
        path,
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(length)
            .put("{}      ".getBytes(StandardCharsets.US_ASCII))
            .array());
    assertThat(fault(path).code()).isEqualTo(Code.FILE_CORRUPT);
  }

  @Test
  void everyTruncationOfAFileIsCorrupt() throws IOException {
    Path whole = write("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", new byte[8]);
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = directory.resolve("cut.safetensors");
    for (int length = 0; length < bytes.length; length++) {
      Files.write(cut, java.util.Arrays.copyOf(bytes, length));
      assertThat(fault(cut).code()).as("%d bytes", length).isEqualTo(Code.FILE_CORRUPT);
    }
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> SafetensorsFile.map(directory.resolve("gone"), Arena.global()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("gone");
  }

  private static ModelException fault(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      return catchThrowableOfType(ModelException.class, () -> SafetensorsFile.map(path, arena));
    }
  }

  private Path write(String header, byte[] data) throws IOException {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    Path path = directory.resolve("test.safetensors");
    Files.write(path, file.putLong(json.length).put(json).put(data).array());
    return path;
  }
}
