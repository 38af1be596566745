package dev.baton.engine.cpu;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.baton.engine.digest.EngineDigest;
import dev.baton.model.Family;
import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.WeightDtype;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Computes the digests of small models of every family and type of weights over and over, so that
 * the kernels pass through all tiers of the compiler, and prints one line: {@code UseAVX=2 lanes=8
 * {LLAMA BF16=[...], ...}}, with one digest a model where all rounds agreed. Arguments: a directory
 * for the models, the number of rounds, the types of weights.
 */
final class DigestMain {
  /** Leaves a rest on every width. */
  private static final int BLOCK_TOKENS = 21;

  private static final int TOKENS = 60;
  private static final int THREADS = 2;

  private DigestMain() {}

  public static void main(String[] arguments) {
    String avx =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .getVMOption("UseAVX")
            .getValue();
    List<WeightDtype> dtypes = Stream.of(arguments).skip(2).map(WeightDtype::valueOf).toList();
    Map<String, Set<String>> all =
        digests(Path.of(arguments[0]), dtypes, Integer.parseInt(arguments[1]));
    System.out.println("UseAVX=" + avx + " lanes=" + Lanes.COUNT + " " + all);
  }

  /** The digests of every family with these types of weights, by their names. */
  static Map<String, Set<String>> digests(Path directory, List<WeightDtype> dtypes, int rounds) {
    Map<String, Set<String>> all = new TreeMap<>();
    for (Family family : Family.values()) {
      for (WeightDtype dtype : dtypes) {
        all.put(family + " " + dtype, digests(directory, family, dtype, rounds));
      }
    }
    return all;
  }

  /** The digests that so many rounds come to: one, if all is well. */
  static Set<String> digests(Path directory, Family family, WeightDtype dtype, int rounds) {
    Set<String> digests = new HashSet<>();
    try (CpuEngine engine =
        CpuEngine.load(model(directory, family, dtype), BLOCK_TOKENS, THREADS)) {
      for (int round = 0; round < rounds; round++) {
        digests.add(EngineDigest.of(engine, TOKENS, step -> {}).value());
      }
    }
    return digests;
  }

  /** One model of each kind, always the same. */
  static ModelDirectory model(Path directory, Family family, WeightDtype dtype) {
    return SmallModel.write(
        directory.resolve(family + "-" + dtype),
        SmallModel.ofKind(family, dtype, new SplittableRandom(7 + family.ordinal())),
        dtype,
        77);
  }
}
