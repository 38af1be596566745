package dev.baton.harness.workload;

import java.util.Locale;
import java.util.SplittableRandom;

/** When requests are sent. None of these looks at how the server does, but {@link ClosedLoop}. */
public sealed interface Arrivals {
  /** The times of one run, in order; for one thread. */
  Times begin();

  /** For the report. */
  String text();

  /** Times one after the other. */
  @FunctionalInterface
  interface Times {
    /** Seconds since the run's start at which the next request is due; {@code row} is that one. */
    double next(TraceRow row);
  }

  /**
   * Independent exponential gaps.
   *
   * @param perSecond mean rate
   * @param seed the same seed gives the same times
   */
  record Poisson(double perSecond, long seed) implements Arrivals {
    /** Refuses a rate that is none. */
    public Poisson {
      checkRate(perSecond);
    }

    @Override
    public Times begin() {
      SplittableRandom random = new SplittableRandom(seed);
      double[] at = {0};
      return _ -> at[0] += -Math.log1p(-random.nextDouble()) / perSecond;
    }

    @Override
    public String text() {
      return String.format(Locale.ROOT, "Poisson, %s/s, seed %d", number(perSecond), seed);
    }
  }

  /**
   * Equal gaps; the first request is due at once.
   *
   * @param perSecond rate
   */
  record Steady(double perSecond) implements Arrivals {
    /** Refuses a rate that is none. */
    public Steady {
      checkRate(perSecond);
    }

    @Override
    public Times begin() {
      long[] sent = {0};
      return _ -> sent[0]++ / perSecond;
    }

    @Override
    public String text() {
      return "every " + number(1 / perSecond) + " s";
    }
  }

  /**
   * As the trace says.
   *
   * @param timeScale its times are multiplied by this
   */
  record Recorded(double timeScale) implements Arrivals {
    /** Refuses a scale that is none. */
    public Recorded {
      if (!(timeScale > 0) || Double.isInfinite(timeScale)) {
        throw new WorkloadException("time scale: " + timeScale + ", expected more than 0");
      }
    }

    @Override
    public Times begin() {
      return row -> row.seconds() * timeScale;
    }

    @Override
    public String text() {
      return timeScale == 1 ? "as recorded" : "as recorded, times x " + number(timeScale);
    }
  }

  /**
   * Each of so many users sends its next request when its last one is answered. A slow server is
   * asked less: what users would have suffered meanwhile is not seen.
   *
   * @param concurrency how many
   */
  record ClosedLoop(int concurrency) implements Arrivals {
    /** Refuses none. */
    public ClosedLoop {
      if (concurrency < 1) {
        throw new WorkloadException("concurrency: " + concurrency + ", expected at least 1");
      }
    }

    @Override
    public Times begin() {
      return _ -> 0;
    }

    @Override
    public String text() {
      return "closed loop of " + concurrency;
    }
  }

  private static void checkRate(double perSecond) {
    if (!(perSecond > 0) || Double.isInfinite(perSecond)) {
      throw new WorkloadException("rate: " + perSecond + ", expected more than 0");
    }
  }

  private static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
