package dev.baton.router.placement;

import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import java.util.List;
import java.util.Optional;

/** Where a request goes, or why it goes nowhere; and what was weighed. */
public sealed interface PlacementDecision {
  /** Every worker that was looked at, by role and id. */
  List<Candidate> candidates();

  /**
   * The request has its pair.
   *
   * @param prefill reads the prompt
   * @param decode writes the answer
   * @param lineage that both have
   * @param layout that both have
   * @param tokensToCompute prompt tokens that the prefill worker is expected to compute
   * @param blocks blocks that the decode worker will reserve
   * @param source who may give the prefill worker more of the prompt's prefix than it has
   * @param candidates every worker that was looked at
   */
  record Placed(
      WorkerRef prefill,
      WorkerRef decode,
      Lineage lineage,
      Layout layout,
      int tokensToCompute,
      int blocks,
      Optional<PrefixSource> source,
      List<Candidate> candidates)
      implements PlacementDecision {
    /** Copies the list. */
    public Placed {
      candidates = List.copyOf(candidates);
    }
  }

  /**
   * A worker that is believed to hold more of the prompt's prefix than the one that will read it,
   * which decides by itself whether to fetch.
   *
   * @param worker who it is
   * @param blocks leading blocks that it is believed to hold
   * @param reason why it was named
   */
  record PrefixSource(WorkerRef worker, int blocks, String reason) {}

  /**
   * No pair can serve the request.
   *
   * @param obstacle the first thing that would have to change
   * @param candidates every worker that was looked at
   */
  record Refused(Obstacle obstacle, List<Candidate> candidates) implements PlacementDecision {
    /** Copies the list. */
    public Refused {
      candidates = List.copyOf(candidates);
    }
  }

  /** Why there is no pair. */
  enum Obstacle {
    /** No prefill worker serves the model. */
    NO_PREFILL_WORKER,
    /** No decode worker serves the model. */
    NO_DECODE_WORKER,
    /** Workers of both roles serve it, but no two of one lineage and layout. */
    NO_EQUAL_PAIR,
    /** Decode workers serve it, but no pool is large enough for prompt and answer. */
    NO_POOL_LARGE_ENOUGH
  }

  /** What a worker does. */
  enum Role {
    /** Reads prompts. */
    PREFILL,
    /** Writes answers. */
    DECODE
  }

  /**
   * A worker that was looked at.
   *
   * @param worker who it is
   * @param role what it does
   * @param terms what its cost is made of, most weighty first; empty where it was rejected
   * @param rejection why it cannot serve the request at all; empty where it can
   */
  record Candidate(WorkerRef worker, Role role, List<Term> terms, Optional<String> rejection) {
    /** Copies the list. */
    public Candidate {
      terms = List.copyOf(terms);
    }
  }

  /**
   * One term of a cost.
   *
   * @param name what it counts, with its unit
   * @param value how much; less is better
   */
  record Term(String name, long value) {
    @Override
    public String toString() {
      return name + "=" + value;
    }
  }
}
