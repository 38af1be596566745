package dev.baton.engine.packed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightStoreTest {
  @TempDir private Path scratch;

  private Path store;
  private Path model;

  @BeforeEach
  void makeModel() {
    store = scratch.resolve("caches").resolve("weights");
    model = model("model", 1);
  }

  @Test
  void whoComesLaterMapsWhatTheFirstPacked() throws Exception {
    assertThat(packs()).isTrue();
    assertThat(packs()).isFalse();
    assertThat(files(".weights")).hasSize(1);
    assertThat(files(".part")).isEmpty();
  }

  @Test
  void ofManyAtOnceOnePacks() throws Exception {
    List<Callable<Boolean>> openings = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      openings.add(this::packs);
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(openings.size())) {
      int packings = 0;
      for (Future<Boolean> each : threads.invokeAll(openings)) {
        packings += each.get() ? 1 : 0;
      }
      assertThat(packings).isEqualTo(1);
    }
  }

  /** A byte of the header, of the sections, of the table. */
  @ParameterizedTest
  @ValueSource(ints = {0, 9, 26, 4096, 4096 + 3 * 4096 + 5 * 64 - 1, -1, -20})
  void changedByteIsNoticedAndAllIsPackedAnew(int at) throws Exception {
    packs();
    edit(file -> {
      ByteBuffer one = ByteBuffer.allocate(1);
      long place = at < 0 ? file.size() + at : at;
      file.read(one, place);
      file.write(one.put(0, (byte) (one.get(0) ^ 0x10)).flip(), place);
    });
    assertThat(packs()).isTrue();
    assertThat(packs()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 4096, 9000, 16700})
  void truncatedFileIsNoticedAndAllIsPackedAnew(int length) throws Exception {
    packs();
    edit(file -> file.truncate(length));
    assertThat(packs()).isTrue();
    assertThat(packs()).isFalse();
  }

  @Test
  void writerThatIsKilledLeavesNothingThatIsTakenForWhole() throws Exception {
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                StuckWriter.class.getName(),
                store.toString(),
                model.toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output = writer.inputReader()) {
      List<String> lines = new ArrayList<>();
      while (!lines.contains("stuck")) {
        String line = output.readLine();
        assertThat(line).as("after %s", lines).isNotNull();
        lines.add(String.valueOf(line));
      }
    } finally {
      writer.destroyForcibly().waitFor();
    }
    assertThat(files(".part")).hasSize(1);
    assertThat(files(".weights")).isEmpty();

    assertThat(packs()).isTrue();
    assertThat(files(".part")).isEmpty();
  }

  @Test
  void changedSourceIsPackedUnderAnotherNameAndTheOldFileGoes() throws Exception {
    packs();
    List<Path> before = files(".weights");
    Path shard = model.resolve(Weights.FILE);
    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length - 1] ^= 1;
    Files.write(shard, bytes, StandardOpenOption.WRITE); // the same inode, the same size

    assertThat(packs()).isTrue();
    assertThat(files(".weights")).hasSize(1).doesNotContainAnyElementsOf(before);
  }

  @Test
  void fileOfAModelThatIsGoneIsRemovedWhenAnotherOneIsLoaded() throws Exception {
    packs();
    List<Path> before = files(".weights");
    Files.delete(model.resolve(Weights.FILE));
    model = model("other", 2);

    packs();
    assertThat(files(".weights")).hasSize(1).doesNotContainAnyElementsOf(before);
    assertThat(files(".lock")).hasSize(1);
  }

  /** Where this process sees no source another container may. */
  @Test
  void fileOfAnotherRootGoesOnlyOnceNobodyOpensItForAMonth() throws Exception {
    String key = "0".repeat(64);
    Path foreign = store.resolve(key + ".weights");
    Files.createDirectories(store);
    Files.createFile(foreign);
    try (Weights weights = weights()) {
      PackedFile.write(foreign, key, "another", weights.sources(), new CountedPacking());
    }
    Files.delete(model.resolve(Weights.FILE));
    model = model("other", 2);

    packs();
    assertThat(foreign).exists();
    Files.setLastModifiedTime(foreign, FileTime.from(Instant.now().minus(Duration.ofDays(31))));
    packs();
    assertThat(foreign).doesNotExist();
  }

  @Test
  void whatIsMappedStaysWhenItsFileIsRemoved() throws Exception {
    try (Weights weights = weights()) {
      PackedWeights mapped = open(weights, new CountedPacking()).orElseThrow();
      Files.delete(files(".weights").getFirst());
      assertThat(CountedPacking.isWhole(mapped)).isTrue();
      mapped.arena().close();
    }
  }

  @Test
  void sourceThatChangesWhileItIsPackedLeavesNoFile() throws Exception {
    Path shard = model.resolve(Weights.FILE);
    CountedPacking packing =
        new CountedPacking() {
          @Override
          public void pack(int section, int piece, MemorySegment to) {
            super.pack(section, piece, to);
            try {
              Files.setLastModifiedTime(shard, FileTime.fromMillis(1));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    try (Weights weights = weights()) {
      assertThatThrownBy(() -> open(weights, packing))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(shard.toString());
    }
    assertThat(files(".weights")).isEmpty();
    assertThat(files(".part")).isEmpty();
  }

  @Test
  void directoryThatCannotBeMadeLeavesPackingToTheProcess() throws Exception {
    store = Files.createFile(scratch.resolve("file")).resolve("weights");
    try (Weights weights = weights()) {
      assertThat(open(weights, new CountedPacking())).isEmpty();
    }
  }

  @Test
  void diskWithoutRoomLeavesPackingToTheProcess() throws Exception {
    CountedPacking petabytes =
        new CountedPacking() {
          @Override
          public List<Section> sections() {
            return List.of(new Section("large", 1 << 30, 1 << 23));
          }
        };
    try (Weights weights = weights()) {
      assertThat(open(weights, petabytes)).isEmpty();
    }
    assertThat(petabytes.packed()).isZero();
    assertThat(files(".part")).isEmpty();
  }

  @Test
  void smallModelLeavesTheDirectoryAlone() throws Exception {
    try (Weights weights = weights()) {
      assertThat(WeightStore.in(store).open(weights, new CountedPacking())).isEmpty();
    }
    assertThat(store).doesNotExist();
  }

  private Path model(String name, long seed) {
    Path directory = scratch.resolve(name);
    RandomModel.write(
        directory, new RandomModel.Shape(1, 16, 24, 2, 1, 300, 64, true, WeightDtype.BF16), seed);
    return directory;
  }

  private Weights weights() {
    return Weights.open(ModelDirectory.open(model));
  }

  private Optional<PackedWeights> open(Weights weights, Packing packing) {
    return Stores.ofAll(store).open(weights, packing);
  }

  /** Opens the model's, requires that they are whole, and says whether they were packed for it. */
  private boolean packs() {
    CountedPacking packing = new CountedPacking();
    try (Weights weights = weights()) {
      PackedWeights mapped = open(weights, packing).orElseThrow();
      assertThat(CountedPacking.isWhole(mapped)).isTrue();
      mapped.arena().close();
    }
    assertThat(packing.packed()).isIn(0, CountedPacking.PIECES);
    return packing.packed() > 0;
  }

  private List<Path> files(String suffix) throws IOException {
    try (Stream<Path> all = Files.list(store)) {
      return all.filter(each -> each.toString().endsWith(suffix)).toList();
    }
  }

  private interface Edit {
    void apply(FileChannel file) throws IOException;
  }

  private void edit(Edit edit) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            files(".weights").getFirst(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      edit.apply(file);
    }
  }
}
