package dev.baton.cli.machine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Times work that is done again and again. A round is as many passes, one right after the other, as
 * fill half a second, at least one, and its figure is their mean: single short passes say more
 * about the moment than about the work. The first round lasts a second and does not count: as long
 * as the JVM compiles for what it is given, passes are slower than later ones.
 */
public final class Rounds {
  /** What the machine can do now, an amount a second. */
  public interface Limit {
    /** Measures it; blocks meanwhile. */
    double perSecond() throws InterruptedException;
  }

  /**
   * One round beside a limit.
   *
   * @param seconds that a pass took
   * @param limit the better of what was measured right before and right after
   */
  public record Beside(double seconds, double limit) {}

  private static final Duration UNCOUNTED = Duration.ofSeconds(1);
  private static final Duration COUNTED = Duration.ofMillis(500);

  private final int count;
  private final Duration uncounted;
  private final Duration counted;
  private final LongSupplier nanoClock;

  /** So many rounds count. */
  public Rounds(int count) {
    this(count, UNCOUNTED, COUNTED, System::nanoTime);
  }

  /**
   * As above, with other times.
   *
   * @param uncounted how long the first round lasts at least
   * @param counted how long each other round lasts at least
   */
  public Rounds(int count, Duration uncounted, Duration counted) {
    this(count, uncounted, counted, System::nanoTime);
  }

  Rounds(int count, Duration uncounted, Duration counted, LongSupplier nanoClock) {
    this.count = count;
    this.uncounted = uncounted;
    this.counted = counted;
    this.nanoClock = nanoClock;
  }

  /** Seconds that a pass took in each round that counts, sorted. */
  public double[] seconds(Runnable pass) {
    mean(pass, uncounted);
    double[] seconds = new double[count];
    for (int i = 0; i < count; i++) {
      seconds[i] = mean(pass, counted);
    }
    Arrays.sort(seconds);
    return seconds;
  }

  /**
   * The rounds that count, in order, each between two measurements of what the machine can do:
   * where others share it, that changes within seconds, and a share of what it was at another time
   * says nothing.
   */
  public List<Beside> beside(Limit limit, Runnable pass) throws InterruptedException {
    mean(pass, uncounted);
    List<Beside> rounds = new ArrayList<>();
    double before = limit.perSecond();
    for (int i = 0; i < count; i++) {
      double seconds = mean(pass, counted);
      double after = limit.perSecond();
      rounds.add(new Beside(seconds, Math.max(before, after)));
      before = after;
    }
    return rounds;
  }

  private double mean(Runnable pass, Duration least) {
    long start = nanoClock.getAsLong();
    long elapsed;
    int passes = 0;
    do {
      pass.run();
      passes++;
      elapsed = nanoClock.getAsLong() - start;
    } while (elapsed < least.toNanos());
    return elapsed / 1e9 / passes;
  }
}
