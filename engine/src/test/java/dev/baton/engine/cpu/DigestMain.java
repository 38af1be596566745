package dev.baton.engine.cpu;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.Family;
import dev.baton.model.ModelConfig;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Runs a few models over and over, so that the kernels pass through all tiers of the compiler, and
 * prints one line: {@code UseAVX=2 lanes=8 digests=[...]}, the digests of all logits and KV bytes,
 * one where all rounds agreed. Arguments: a directory for the models, the number of rounds.
 */
final class DigestMain {
  /** Leaves a rest on every width. */
  private static final int BLOCK_TOKENS = 21;

  private DigestMain() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createDirectories(Path.of(arguments[0]));
    String avx =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .getVMOption("UseAVX")
            .getValue();
    System.out.println(
        "UseAVX="
            + avx
            + " lanes="
            + Lanes.COUNT
            + " digests="
            + digests(directory, Integer.parseInt(arguments[1])));
  }

  /** Digests of so many rounds over a model of each family. */
  static Set<String> digests(Path directory, int count) throws NoSuchAlgorithmException {
    List<Function<SplittableRandom, ModelConfig>> families = new ArrayList<>();
    for (Family family : Family.values()) {
      families.add(random -> SmallModel.ofFamily(family, random));
    }
    return digests(directory, count, families);
  }

  /** Digests of so many rounds over such models, each with a seed of its own, dtypes in turn. */
  static Set<String> digests(
      Path directory, int count, List<Function<SplittableRandom, ModelConfig>> models)
      throws NoSuchAlgorithmException {
    MessageDigest[] rounds = new MessageDigest[count];
    for (int round = 0; round < count; round++) {
      rounds[round] = MessageDigest.getInstance("SHA-256");
    }
    for (int i = 0; i < models.size(); i++) {
      WeightDtype dtype = SmallModel.FLOATS.get(i % SmallModel.FLOATS.size());
      SplittableRandom random = new SplittableRandom(7 + i);
      ModelConfig config = models.get(i).apply(random);
      var model = SmallModel.write(directory.resolve("model-" + i), config, dtype, 77);
      int[] tokens = random.ints(90, 0, config.vocabulary()).toArray();
      try (CpuEngine engine = CpuEngine.load(model, BLOCK_TOKENS, 2);
          BlockPool pool = new BlockPool(engine.layout(), 10)) {
        for (MessageDigest round : rounds) {
          Sequence sequence = new Sequence(tokens, List.of(), pool);
          engine.run(List.of(sequence.next(engine, 61)));
          sequence.run(engine, 1);
          sequence.logits().values().forEach(logits -> update(round, logits));
          for (Block block : sequence.blocks()) {
            round.update(block.bytes().toArray(ValueLayout.JAVA_BYTE));
          }
          pool.release(sequence.blocks());
        }
      }
    }
    Set<String> digests = new HashSet<>();
    for (MessageDigest round : rounds) {
      digests.add(HexFormat.of().formatHex(round.digest()));
    }
    return digests;
  }

  private static void update(MessageDigest digest, float[] logits) {
    ByteBuffer bytes = ByteBuffer.allocate(logits.length * Float.BYTES);
    bytes.asFloatBuffer().put(logits);
    digest.update(bytes);
  }
}
