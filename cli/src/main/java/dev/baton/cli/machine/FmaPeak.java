package dev.baton.cli.machine;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Fused multiply-adds on as many independent accumulators as hide the latency of one: nothing else
 * that the machine does in floats is faster.
 */
final class FmaPeak implements Crew.Work {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int ITERATIONS = 1 << 16;
  private static final int ACCUMULATORS = 10;
  private static final long FLOPS = 2L * ITERATIONS * ACCUMULATORS * S.length();

  /** Somebody reads the results, else the compiler would leave the work out. */
  @SuppressWarnings("UnusedVariable")
  private volatile float sink;

  /** Not constants: the JIT that knows them makes a loop of half the speed. */
  private volatile float factor = 1.0000001f;

  private volatile float term = 1e-9f;

  @Override
  public long once(int member) {
    sink = burst(factor, term);
    return FLOPS;
  }

  private static float burst(float factor, float term) {
    FloatVector m = FloatVector.broadcast(S, factor);
    FloatVector t = FloatVector.broadcast(S, term);
    FloatVector a = t;
    FloatVector b = t;
    FloatVector c = t;
    FloatVector d = t;
    FloatVector e = t;
    FloatVector f = t;
    FloatVector g = t;
    FloatVector h = t;
    FloatVector i = t;
    FloatVector j = t;
    for (int n = 0; n < ITERATIONS; n++) {
      a = a.fma(m, t);
      b = b.fma(m, t);
      c = c.fma(m, t);
      d = d.fma(m, t);
      e = e.fma(m, t);
      f = f.fma(m, t);
      g = g.fma(m, t);
      h = h.fma(m, t);
      i = i.fma(m, t);
      j = j.fma(m, t);
    }
    return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).lane(0);
  }

  /** What it needs, in words. */
  static String lanes() {
    return S.length() + " lanes";
  }
}
