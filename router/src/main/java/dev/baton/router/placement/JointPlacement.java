package dev.baton.router.placement;

import dev.baton.cluster.phase.Phase;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.kv.Layout;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.Eligibility.Reader;
import dev.baton.router.placement.Eligibility.Writer;
import dev.baton.router.placement.PlacementDecision.Candidate;
import dev.baton.router.placement.PlacementDecision.Obstacle;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Predicted;
import dev.baton.router.placement.PlacementDecision.PrefixSource;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementDecision.Role;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Prefill worker, decode worker and source of the prefix, chosen together by what is predicted:
 *
 * <pre>
 * TTFT = room(D) + wait(P) + fetch(S to P) + prefill(P) + visible transfer(P to D) + join(D)
 * TPOT = step(D) with one sequence more
 * </pre>
 *
 * <ul>
 *   <li>room(D): until blocks are free, if they are not: as many of the running answers end in a
 *       step as a steady flow of answers of this request's length would end.
 *   <li>wait(P): reading all that waits there, in prompts of the mean length.
 *   <li>fetch: of two ways to the prefix, having it sent or computing it, the faster one; as much
 *       of it as P was seen to fetch when it might.
 *   <li>visible transfer: what pushing layer by layer does not hide behind computing.
 *   <li>join(D): half a step, which is how long a step in progress still takes on average.
 * </ul>
 *
 * Of the options that are predicted to meet both SLOs the one of least cost is taken, else the one
 * that misses them least; equals go to the smaller ids. What this router placed and a worker's load
 * does not count yet is part of the load here. A load that is old may be wrong: its worker's times
 * count {@value #STALE} times.
 *
 * <p>Pairs are made of the {@value #SHORTLIST} best workers of each role, so that the cost of a
 * decision grows with the number of workers and not with its square: what a pair adds to its two
 * workers is only the transfer. Where a worker that could serve said nothing of its hardware,
 * nothing can be compared with it, and {@link LeastLoaded} decides.
 */
public final class JointPlacement implements Placement {
  private static final double STALE = 3;
  private static final int SHORTLIST = 16;
  private static final int OTHERS = 8;
  private static final double MICROS = 1e6;

  private final JointObjective objective;
  private final Placement withoutTimes = new LeastLoaded();

  /** With what it weighs. */
  public JointPlacement(JointObjective objective) {
    this.objective = objective;
  }

  /** What reading the prompt on a worker takes. */
  private record Reading(
      Reader reader,
      PhaseTimes times,
      double ahead,
      double fetch,
      double compute,
      int newTokens,
      Optional<PrefixSource> source) {
    double seconds() {
      return ahead + fetch + compute;
    }
  }

  /** What writing the answer on a worker takes. */
  private record Writing(
      Writer writer, PhaseTimes times, double room, double join, double step, int batch) {}

  /** A pair, or a writer that reads for itself, with its prediction. */
  private record Choice(
      WorkerRef prefill,
      WorkerRef decode,
      Offer offer,
      int newTokens,
      long blocks,
      Optional<PrefixSource> source,
      double ttft,
      double tpot,
      double violation,
      double cost,
      List<Term> terms) {}

  private static final Comparator<Choice> BEST =
      Comparator.comparingDouble(Choice::violation)
          .thenComparingDouble(Choice::cost)
          .thenComparing(each -> each.decode().id())
          .thenComparing(each -> each.prefill().id());

  @Override
  public PlacementDecision place(PlacementRequest request, ClusterView view) {
    Eligibility eligible = Eligibility.of(request, view);
    boolean timed =
        eligible.readers().stream().allMatch(each -> each.worker().times().isPresent())
            && eligible.writers().stream().allMatch(each -> each.worker().times().isPresent());
    if (!timed) {
      return withoutTimes.place(request, view);
    }
    PrefixSources sources = PrefixSources.of(request, view);
    List<Reading> readings =
        eligible.readers().stream().map(each -> reading(request, sources, each)).toList();
    List<Writing> writings =
        eligible.writers().stream().map(each -> writing(request, each)).toList();
    List<Candidate> candidates = candidates(eligible, readings, writings);
    List<Choice> choices = new ArrayList<>(pairs(request, readings, writings));
    choices.addAll(locals(request, choices, readings.isEmpty(), writings));
    if (choices.isEmpty()) {
      return new Refused(obstacle(eligible), candidates);
    }
    choices.sort(BEST);
    return placed(choices, candidates);
  }

  private static Obstacle obstacle(Eligibility eligible) {
    return eligible.obstacle().orElse(Obstacle.NO_EQUAL_PAIR);
  }

  private Reading reading(PlacementRequest request, PrefixSources sources, Reader reader) {
    PrefillWorker worker = reader.worker();
    PhaseTimes times = worker.times().orElseThrow();
    double stale = worker.fresh() ? 1 : STALE;
    long tokensAhead = worker.pendingTokens() + worker.ownTokens();
    int prompts = Math.max(1, worker.requests());
    double ahead =
        tokensAhead == 0 ? 0 : prompts * times.prefill(Math.max(1, tokensAhead / prompts), 0);
    int newTokens = request.tokensToCompute(worker.ref());
    double compute = times.prefill(newTokens, request.promptTokens() - newTokens);
    Optional<PrefixSource> source = sources.forReader(request, reader);
    Reading alone =
        new Reading(reader, times, ahead * stale, 0, compute * stale, newTokens, source);
    return source
        .map(each -> fetching(request, reader, each, alone))
        .filter(fetched -> fetched.seconds() < alone.seconds())
        .orElse(alone);
  }

  private static Reading fetching(
      PlacementRequest request, Reader reader, PrefixSource source, Reading alone) {
    int most =
        Math.min(
            source.blocks() * reader.offer().layout().blockTokens(), request.promptTokens() - 1);
    int cached = request.promptTokens() - alone.newTokens();
    int held = cached + (int) ((most - cached) * alone.times().fetchShare());
    int newTokens = request.promptTokens() - held;
    PhaseModel model = alone.times().model();
    double stale = reader.worker().fresh() ? 1 : STALE;
    return new Reading(
        reader,
        alone.times(),
        alone.ahead(),
        model.transferSeconds(model.kvBytes(held - cached), model),
        alone.times().prefill(newTokens, held) * stale,
        newTokens,
        Optional.of(source));
  }

  private static Writing writing(PlacementRequest request, Writer writer) {
    DecodeWorker worker = writer.worker();
    PhaseTimes times = worker.times().orElseThrow();
    Layout layout = writer.offer().layout();
    double stale = worker.fresh() ? 1 : STALE;
    int running = worker.sequences();
    long usedBlocks = (long) worker.blocksTotal() - worker.blocksAvailable() + worker.ownBlocks();
    int batch = running + request.choices();
    long context =
        usedBlocks * layout.blockTokens() + (long) request.choices() * request.promptTokens();
    double step = times.step(batch, context) * stale;
    double join = running == 0 ? 0 : times.step(running, context) / 2 * stale;
    long missing = writer.blocks() - (worker.blocksTotal() - usedBlocks);
    double room = missing <= 0 ? 0 : roomSeconds(missing, usedBlocks, request.maxTokens(), step);
    double prompts = times.prefill(worker.promptTokens(), 0) * stale;
    return new Writing(writer, times, room, join + prompts, step, batch);
  }

  /** Answers of {@code tokens} steps end evenly over time, so all blocks turn over once in that. */
  private static double roomSeconds(long missing, long used, int tokens, double step) {
    return (double) missing / Math.max(1, used) * tokens * step;
  }

  private static List<Candidate> candidates(
      Eligibility eligible, List<Reading> readings, List<Writing> writings) {
    List<Candidate> candidates = new ArrayList<>(eligible.rejected());
    for (Reading each : readings) {
      candidates.add(
          new Candidate(
              each.reader().worker().ref(),
              Role.PREFILL,
              List.of(
                  Rolewise.stale(each.reader().worker()),
                  micros("wait_us", each.ahead()),
                  micros("fetch_us", each.fetch()),
                  micros("prefill_us", each.compute()),
                  new Term("tokens_to_compute", each.newTokens())),
              Optional.empty()));
    }
    for (Writing each : writings) {
      candidates.add(
          new Candidate(
              each.writer().worker().ref(),
              Role.DECODE,
              List.of(
                  Rolewise.stale(each.writer().worker()),
                  micros("room_us", each.room()),
                  micros("join_us", each.join()),
                  micros("step_us", each.step()),
                  new Term("batch", each.batch())),
              Optional.empty()));
    }
    candidates.sort(Candidate.ORDER);
    return candidates;
  }

  private List<Choice> pairs(
      PlacementRequest request, List<Reading> readings, List<Writing> writings) {
    List<Choice> pairs = new ArrayList<>();
    List<Offer> offers = readings.stream().map(each -> each.reader().offer()).distinct().toList();
    for (Offer offer : offers) {
      List<Reading> best =
          readings.stream()
              .filter(each -> each.reader().offer().pairsWith(offer))
              .sorted(
                  Comparator.comparingDouble(Reading::seconds)
                      .thenComparing(each -> each.reader().worker().ref().id()))
              .limit(SHORTLIST)
              .toList();
      List<Writing> into =
          writings.stream()
              .filter(each -> each.writer().offer().pairsWith(offer))
              .sorted(
                  Comparator.comparingDouble((Writing each) ->
                          objective.cost(each.room() + each.join(), each.step(), 0, 0))
                      .thenComparing(each -> each.writer().worker().ref().id()))
              .limit(SHORTLIST)
              .toList();
      for (Reading reading : best) {
        into.forEach(writing -> pairs.add(pair(request, reading, writing)));
      }
    }
    return pairs;
  }

  private Choice pair(PlacementRequest request, Reading reading, Writing writing) {
    WorkerRef writer = writing.writer().worker().ref();
    int there = request.promptTokens() - request.tokensToCompute(writer);
    PhaseModel from = reading.times().model();
    double transfer =
        from.transferSeconds(from.kvBytes(request.promptTokens() - there), writing.times().model());
    double visible = from.visibleTransferSeconds(transfer, reading.compute());
    double ttft = writing.room() + reading.seconds() + visible + writing.join();
    double joules =
        from.joules(Phase.PREFILL, reading.compute()).orElse(0) + decodeJoules(request, writing);
    double dollars = from.dollars(reading.compute()).orElse(0) + decodeDollars(request, writing);
    return new Choice(
        reading.reader().worker().ref(),
        writer,
        reading.reader().offer(),
        reading.newTokens(),
        writing.writer().blocks(),
        reading.source(),
        ttft,
        writing.step(),
        objective.violation(ttft, writing.step()),
        objective.cost(ttft, writing.step(), joules, dollars),
        List.of(
            micros("ttft_us", ttft),
            micros("tpot_us", writing.step()),
            micros("room_us", writing.room()),
            micros("wait_us", reading.ahead()),
            micros("fetch_us", reading.fetch()),
            micros("prefill_us", reading.compute()),
            micros("visible_transfer_us", visible),
            micros("join_us", writing.join()),
            new Term("millijoules", Math.round(joules * 1e3)),
            new Term("microdollars", Math.round(dollars * 1e6))));
  }

  /** A request's share of the steps that write its answer, if that gets as long as it may. */
  private static double decodeSeconds(PlacementRequest request, Writing writing) {
    return writing.step() * request.maxTokens() * request.choices() / writing.batch();
  }

  private static double decodeJoules(PlacementRequest request, Writing writing) {
    return writing.times().model().joules(Phase.DECODE, decodeSeconds(request, writing)).orElse(0);
  }

  private static double decodeDollars(PlacementRequest request, Writing writing) {
    return writing.times().model().dollars(decodeSeconds(request, writing)).orElse(0);
  }

  private List<Choice> locals(
      PlacementRequest request, List<Choice> pairs, boolean alone, List<Writing> writings) {
    boolean wanted =
        request.among().local()
            || switch (objective.local()) {
              case NEVER -> false;
              case ALONE -> alone;
              case CHEAPER -> true;
            };
    if (!wanted) {
      return List.of();
    }
    double earliest = pairs.stream().mapToDouble(Choice::ttft).min().orElse(Double.MAX_VALUE);
    return writings.stream()
        .map(each -> local(request, each))
        .filter(each -> pairs.isEmpty() || each.ttft() < earliest)
        .filter(each -> pairs.isEmpty() || each.tpot() <= objective.tpotSeconds())
        .toList();
  }

  private Choice local(PlacementRequest request, Writing writing) {
    WorkerRef writer = writing.writer().worker().ref();
    int newTokens = request.tokensToCompute(writer);
    int cached = request.promptTokens() - newTokens;
    int chunk = Math.min(newTokens, objective.localChunkTokens());
    double compute = writing.times().prefill(newTokens, cached);
    double chunkSeconds = writing.times().prefill(chunk, cached);
    int steps = Math.ceilDiv(newTokens, objective.localChunkTokens());
    int running = writing.batch() - request.choices();
    // While it is read, the running sequences take part in every step.
    double beside = running == 0 ? 0 : steps * writing.step();
    double ttft = writing.room() + writing.join() + compute + beside;
    double tpot = running == 0 ? writing.step() : writing.step() + chunkSeconds;
    double joules =
        writing.times().model().joules(Phase.PREFILL, compute).orElse(0)
            + decodeJoules(request, writing);
    double dollars =
        writing.times().model().dollars(compute).orElse(0) + decodeDollars(request, writing);
    return new Choice(
        writer,
        writer,
        writing.writer().offer(),
        newTokens,
        writing.writer().blocks(),
        Optional.empty(),
        ttft,
        tpot,
        objective.violation(ttft, tpot),
        objective.cost(ttft, tpot, joules, dollars),
        List.of(
            micros("ttft_us", ttft),
            micros("tpot_us", tpot),
            micros("room_us", writing.room()),
            micros("join_us", writing.join()),
            micros("prefill_us", compute),
            micros("beside_us", beside),
            new Term("millijoules", Math.round(joules * 1e3)),
            new Term("microdollars", Math.round(dollars * 1e6))));
  }

  private static Placed placed(List<Choice> choices, List<Candidate> candidates) {
    Choice best = choices.getFirst();
    List<PlacementDecision.Option> others =
        choices.stream().skip(1).limit(OTHERS).map(JointPlacement::option).toList();
    return new Placed(
        best.prefill(),
        best.decode(),
        best.offer().lineage(),
        best.offer().layout(),
        best.newTokens(),
        Math.toIntExact(best.blocks()),
        best.source(),
        Optional.of(new Predicted(best.ttft(), best.tpot(), option(best), others)),
        candidates);
  }

  private static PlacementDecision.Option option(Choice choice) {
    return new PlacementDecision.Option(choice.prefill(), choice.decode(), choice.terms());
  }

  private static Term micros(String name, double seconds) {
    return new Term(name, Math.round(seconds * MICROS));
  }
}
