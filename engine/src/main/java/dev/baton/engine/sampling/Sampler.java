package dev.baton.engine.sampling;

import dev.baton.engine.EngineException;
import dev.baton.engine.EngineException.Code;
import dev.baton.model.sampling.SampledToken;
import dev.baton.model.sampling.SampledToken.Alternative;
import dev.baton.model.sampling.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Chooses tokens.
 *
 * <p>Order of application: repetition, presence and frequency penalties; temperature; top-k; top-p
 * of what top-k kept; min-p; one draw of {@link Philox} among what is left, most probable first,
 * ties by smaller id. All arithmetic is in doubles with {@link StrictMath}, in one order: the same
 * arguments give the same token on every machine.
 */
public final class Sampler {
  private Sampler() {}

  /**
   * Chooses the token at a position.
   *
   * @param logits of the model, one a token id; not modified
   * @param sampling how to choose
   * @param history tokens that penalties look at
   * @param position absolute position of the token to choose: the prompt's length for the first
   * @param choice which of several answers to one prompt, from 0
   * @param topLogprobs how many alternatives to report with log-probabilities under the raw logits;
   *     -1 for no log-probabilities at all
   * @throws EngineException if a logit is not finite
   */
  public static SampledToken sample(
      float[] logits,
      Sampling sampling,
      TokenHistory history,
      long position,
      int choice,
      int topLogprobs) {
    requireFinite(logits);
    double[] penalized = Penalties.apply(logits, sampling, history);
    int id =
        sampling.temperature() == 0
            ? largest(penalized)
            : draw(penalized, sampling, Philox.uniform(sampling.seed(), position, choice));
    return topLogprobs < 0 ? SampledToken.of(id) : withLogprobs(logits, id, topLogprobs);
  }

  /**
   * Chooses the first token after a prompt for each of these answers, in order.
   *
   * @param logits after the prompt's last token; otherwise as {@link #sample}
   */
  public static List<SampledToken> first(
      float[] logits, Sampling sampling, int[] prompt, Choices choices, int topLogprobs) {
    TokenHistory history = choices.history(prompt);
    return IntStream.range(choices.first(), choices.first() + choices.count())
        .mapToObj(choice -> sample(logits, sampling, history, prompt.length, choice, topLogprobs))
        .toList();
  }

  private static void requireFinite(float[] logits) {
    for (int i = 0; i < logits.length; i++) {
      if (!Float.isFinite(logits[i])) {
        throw new EngineException(
            Code.LOGITS_NOT_FINITE,
            "the logit of token " + i + " is " + logits[i] + ", expected a finite number");
      }
    }
  }

  private static int largest(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  private static int draw(double[] logits, Sampling sampling, double uniform) {
    double max = logits[largest(logits)];
    double[] weights = new double[logits.length];
    double total = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = StrictMath.exp((logits[i] - max) / sampling.temperature());
      total += weights[i];
    }
    Ranking ranking = new Ranking(weights);
    int kept = weights.length;
    double mass = total;
    if (sampling.topK() > 0 && sampling.topK() < kept) {
      kept = sampling.topK();
      mass = mass(ranking, kept);
    }
    if (sampling.topP() < 1) {
      kept = nucleus(ranking, kept, sampling.topP() * mass);
    }
    if (sampling.minP() > 0) {
      kept = notBelow(ranking, kept, sampling.minP() * ranking.weight(0));
    }
    return pick(ranking, kept, uniform * (kept < weights.length ? mass(ranking, kept) : total));
  }

  private static double mass(Ranking ranking, int kept) {
    double mass = 0;
    for (int rank = 0; rank < kept; rank++) {
      mass += ranking.weight(rank);
    }
    return mass;
  }

  /** How many of the first ranks it takes to reach {@code mass}; at least one. */
  private static int nucleus(Ranking ranking, int kept, double mass) {
    double sum = 0;
    for (int rank = 0; rank < kept; rank++) {
      sum += ranking.weight(rank);
      if (sum >= mass) {
        return rank + 1;
      }
    }
    return kept;
  }

  /** How many of the first ranks weigh at least {@code least}; at least one. */
  private static int notBelow(Ranking ranking, int kept, double least) {
    int rank = 1;
    while (rank < kept && ranking.weight(rank) >= least) {
      rank++;
    }
    return rank;
  }

  private static int pick(Ranking ranking, int kept, double target) {
    double sum = 0;
    int rank = 0;
    // Rounding may leave the sum of all a hair below the target: the last one with a weight then.
    for (; rank < kept - 1 && ranking.weight(rank + 1) > 0; rank++) {
      sum += ranking.weight(rank);
      if (sum > target) {
        break;
      }
    }
    return ranking.id(rank);
  }

  private static SampledToken withLogprobs(float[] logits, int id, int count) {
    double[] raw = new double[logits.length];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = logits[i];
    }
    double max = raw[largest(raw)];
    double sum = 0;
    for (double each : raw) {
      sum += StrictMath.exp(each - max);
    }
    double logSum = max + StrictMath.log(sum);
    List<Alternative> top = new ArrayList<>();
    if (count > 0) {
      Ranking ranking = new Ranking(raw);
      for (int rank = 0; rank < Math.min(count, raw.length); rank++) {
        int each = ranking.id(rank);
        top.add(new Alternative(each, (float) (raw[each] - logSum)));
      }
    }
    return new SampledToken(id, (float) (raw[id] - logSum), top);
  }
}
