package dev.baton.engine.cpu;

import java.util.Set;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shape of all kernels: what the machine prefers, at most 16 floats. No result depends
 * on it, because no kernel ever adds up lanes.
 */
final class Lanes {
  static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

  static final int COUNT = FLOATS.length();

  /** Whether kernels have 16 vector registers instead of 32: x86 before AVX-512. */
  static final boolean SIXTEEN_REGISTERS =
      COUNT < 16 && Set.of("amd64", "x86_64").contains(System.getProperty("os.arch"));

  private Lanes() {}
}
