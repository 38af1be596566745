package dev.baton.engine.sampling;

import dev.baton.model.sampling.Sampling;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The sampler's rules once more, written as plainly as they are told: a sorted list of
 * probabilities that is cut and normalized again after every step. For comparison only.
 */
final class NaiveSampler {
  record Candidate(int id, double probability) {}

  private NaiveSampler() {}

  /** What may be drawn, with the probability of each, most probable first. */
  static List<Candidate> candidates(
      float[] logits, Sampling s, List<Integer> prompt, List<Integer> answer) {
    double[] adjusted = new double[logits.length];
    for (int id = 0; id < logits.length; id++) {
      double logit = logits[id];
      if (prompt.contains(id) || answer.contains(id)) {
        logit = logit > 0 ? logit / s.repetitionPenalty() : logit * s.repetitionPenalty();
      }
      int wanted = id;
      long count = answer.stream().filter(each -> each == wanted).count();
      if (count > 0) {
        logit -= s.presencePenalty();
        logit -= s.frequencyPenalty() * count;
      }
      adjusted[id] = logit;
    }
    List<Candidate> all = new ArrayList<>();
    for (int id = 0; id < adjusted.length; id++) {
      double sum = 0;
      for (double other : adjusted) {
        sum += Math.exp((other - adjusted[id]) / s.temperature());
      }
      all.add(new Candidate(id, 1 / sum));
    }
    all.sort(
        Comparator.comparingDouble(Candidate::probability).reversed().thenComparing(Candidate::id));
    List<Candidate> kept = s.topK() == 0 ? all : all.subList(0, Math.min(s.topK(), all.size()));
    kept = normalized(kept);
    if (s.topP() < 1) {
      int count = 0;
      double mass = 0;
      while (count < kept.size() && mass < s.topP()) {
        mass += kept.get(count++).probability();
      }
      kept = normalized(kept.subList(0, count));
    }
    double least = s.minP() * kept.getFirst().probability();
    return normalized(kept.stream().filter(each -> each.probability() >= least).toList());
  }

  static int pick(List<Candidate> candidates, double uniform) {
    double sum = 0;
    for (Candidate each : candidates) {
      sum += each.probability();
      if (uniform < sum) {
        return each.id();
      }
    }
    return candidates.getLast().id();
  }

  private static List<Candidate> normalized(List<Candidate> some) {
    double sum = some.stream().mapToDouble(Candidate::probability).sum();
    return some.stream().map(each -> new Candidate(each.id(), each.probability() / sum)).toList();
  }
}
