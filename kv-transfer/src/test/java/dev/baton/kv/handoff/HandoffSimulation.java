package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KeyChain;
import dev.baton.kv.Layout;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.v1.SampledToken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A world with one decode worker, prefill workers as they are needed, and some requests, in which
 * everything goes wrong that can: messages are late and damaged, streams break and tell nobody,
 * processes stand still, die and come back, requests are cancelled, attempts given up are not told
 * so, and tickets are used twice. Sender, receiver and pool are the real ones; threads, time and
 * network are simulated, and a seed decides everything: a run can be repeated.
 */
final class HandoffSimulation {
  static final Duration STALL_LIMIT = Duration.ofSeconds(1);

  private static final Layout LAYOUT = Prompt.SMALL;
  private static final int REQUESTS = 8;
  private static final int DECODE_BLOCKS = 12;
  private static final int MOST_BLOCKS = 5;
  private static final int ATTEMPTS = 3;
  private static final long SECOND = 1_000_000_000L;
  private static final int MOST_EVENTS = 100_000;

  /** How a request ended. */
  enum End {
    /** Its KV is at the decode worker, verified. */
    ARRIVED,
    /** No attempt was left. */
    FAILED,
    /** It was cancelled. */
    CANCELLED,
    /** Its deadline passed. */
    EXPIRED
  }

  /** What happened in a run, or in many. */
  record Account(Map<End, Integer> ends, Map<Refusal, Integer> refusals, int restarts) {
    Account() {
      this(new EnumMap<>(End.class), new EnumMap<>(Refusal.class), 0);
    }

    Account plus(Account other) {
      Account sum =
          new Account(new EnumMap<>(ends), new EnumMap<>(refusals), restarts + other.restarts);
      other.ends.forEach((end, count) -> sum.ends.merge(end, count, Integer::sum));
      other.refusals.forEach((refusal, count) -> sum.refusals.merge(refusal, count, Integer::sum));
      return sum;
    }
  }

  private final Random random;
  private final SimulatedTime time;
  private final KeyChain chain =
      new KeyChain(Prompt.LINEAGE, new TenantSalt("00".repeat(32)), LAYOUT.blockTokens());
  private final BlockPool sourcePool = new BlockPool(LAYOUT, REQUESTS * ATTEMPTS * 2 * MOST_BLOCKS);
  private final List<SimulatedDecodeWorker> incarnations = new ArrayList<>();
  private final List<SimulatedPush> pushes = new ArrayList<>();
  private final List<Request> requests = new ArrayList<>();
  private final Map<End, Integer> ends = new EnumMap<>(End.class);
  private final boolean damages;

  private HandoffSimulation(long seed) {
    this.random = new Random(seed);
    this.time = new SimulatedTime(random);
    this.damages = random.nextInt(3) == 0;
  }

  /**
   * One run to its end.
   *
   * @throws AssertionError if anything did not hold
   */
  static Account run(long seed) {
    HandoffSimulation simulation = new HandoffSimulation(seed);
    Account account = simulation.run();
    simulation.sourcePool.close();
    return account;
  }

  private Account run() {
    incarnations.add(decodeWorker(1));
    for (int i = 0; i < REQUESTS; i++) {
      Request request = new Request();
      requests.add(request);
      time.soon(2 * SECOND, request::begin);
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      time.soon(4 * SECOND, this::restartDecodeWorker);
    }
    for (int i = random.nextInt(6); i > 0; i--) {
      time.soon(4 * SECOND, this::disturb);
    }
    int events = 0;
    while (time.step()) {
      current().check();
      pushes.forEach(push ->
          push.streams()
              .forEach(stream -> require(!stream.isOverdue(), "a silent sender is borne")));
      require(++events < MOST_EVENTS, "the world does not come to rest");
    }
    return settle();
  }

  private Account settle() {
    for (Request request : requests) {
      require(request.end != null, "a request never ended");
    }
    for (SimulatedPush push : pushes) {
      require(push.isOver(), "a push never ended");
      require(push.process().isDead() || push.process().alarms() == 0, "a push has an alarm set");
    }
    require(sourcePool.usage().used() == 0, "source: " + sourcePool.usage());
    current().checkZero();
    Map<Refusal, Integer> refusals = new EnumMap<>(Refusal.class);
    incarnations.forEach(each -> each.addRefusals(refusals));
    return new Account(ends, refusals, incarnations.size() - 1);
  }

  private SimulatedDecodeWorker current() {
    return incarnations.getLast();
  }

  private SimulatedDecodeWorker decodeWorker(long epoch) {
    return new SimulatedDecodeWorker(time, epoch, LAYOUT, DECODE_BLOCKS, this::kv);
  }

  /** The one true KV of a key. */
  private byte[] kv(BlockKey key) {
    byte[] bytes = new byte[LAYOUT.blockBytes()];
    new Random(key.high()).nextBytes(bytes);
    return bytes;
  }

  private byte[] damage(byte[] message) {
    if (damages && random.nextInt(40) == 0) {
      byte[] damaged = message.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      return damaged;
    }
    return message;
  }

  private void restartDecodeWorker() {
    SimulatedDecodeWorker old = current();
    old.kill();
    pushes.stream().filter(push -> !push.isOver()).forEach(SimulatedPush::cut);
    incarnations.add(decodeWorker(old.epoch() + 1));
    requests.forEach(request -> request.lost(old));
  }

  private void disturb() {
    if (random.nextInt(4) == 0) {
      current().process().freeze(random.nextLong(3 * SECOND));
      return;
    }
    List<SimulatedPush> going = pushes.stream().filter(push -> !push.isOver()).toList();
    if (going.isEmpty()) {
      return;
    }
    SimulatedPush push = going.get(random.nextInt(going.size()));
    switch (random.nextInt(3)) {
      case 0 -> push.process().freeze(random.nextLong(4 * SECOND));
      case 1 -> push.kill();
      default -> {
        List<SimulatedStream> streams = push.streams();
        streams.get(random.nextInt(streams.size())).cut();
      }
    }
  }

  /** What router and decode worker know of one request. */
  private final class Request {
    private final long handoffId = random.nextLong();
    private final int tokens = random.nextInt(1, MOST_BLOCKS * LAYOUT.blockTokens() + 1);
    private final List<BlockKey> keys;
    private final int shared = tokens / LAYOUT.blockTokens();
    private final List<SampledToken> firstTokens =
        List.of(SampledToken.newBuilder().setId(random.nextInt(1000)).build());
    private int generation;
    private long deadline;
    private @Nullable SimulatedDecodeWorker worker;
    private SimulatedDecodeWorker.@Nullable Reservation reservation;
    private @Nullable SimulatedPush push;
    private @Nullable End end;

    Request() {
      int[] ids = new int[tokens];
      // Few beginnings, so that prompts share prefixes.
      Arrays.fill(ids, random.nextInt(3));
      ids[tokens - 1] = random.nextInt(4);
      keys = chain.keys(ids);
    }

    void begin() {
      deadline = time.now() + random.nextLong(SECOND / 2, 10 * SECOND);
      if (random.nextInt(4) == 0) {
        time.soon(3 * SECOND, this::cancel);
      }
      attempt();
    }

    private void attempt() {
      if (end != null) {
        return;
      }
      if (time.now() >= deadline) {
        end(End.EXPIRED);
        return;
      }
      if (generation == ATTEMPTS) {
        end(End.FAILED);
        return;
      }
      worker = current();
      if (worker.process().frozenUntil() > time.now()) {
        time.soon(SECOND / 5, this::attempt);
        return;
      }
      Ticket ticket = new Ticket(handoffId, worker.epoch(), generation + 1);
      Duration lifetime = Duration.ofNanos(deadline - time.now());
      SimulatedDecodeWorker at = worker;
      reservation =
          worker.reserve(ticket, keys, shared, lifetime, firstTokens, failure -> over(at, failure));
      if (reservation == null) {
        time.soon(SECOND / 5, this::attempt);
        return;
      }
      generation++;
      time.soon(SECOND / 5, () -> startPush(ticket, at));
      if (random.nextInt(8) == 0) {
        // Somebody else holds the same ticket: a request sent twice.
        time.soon(3 * SECOND, () -> startPush(ticket, at));
      }
    }

    private void startPush(Ticket ticket, SimulatedDecodeWorker meant) {
      List<Block> blocks = sourcePool.tryReserve(keys.size());
      push =
          new SimulatedPush(
              time,
              random,
              HandoffSimulation.this::damage,
              sourcePool,
              ticket,
              keys,
              tokens,
              blocks,
              HandoffSimulation.this::kv,
              firstTokens);
      pushes.add(push);
      // The address may have a new incarnation behind it.
      SimulatedDecodeWorker there = random.nextInt(4) == 0 ? meant : current();
      push.start(there.process(), there.receiver(), deadline);
      if (there.process().isDead()) {
        push.cut();
      }
    }

    /** The decode worker says how the attempt ended. */
    private void over(SimulatedDecodeWorker at, @Nullable HandoffException failure) {
      if (end == End.CANCELLED) {
        // The cancel is on its way to the decode worker.
        return;
      }
      require(end == null && at == worker, "an attempt that was given up ended later");
      require(
          time.now() <= Math.max(deadline, at.process().frozenUntil()),
          "it ended after its deadline");
      reservation = null;
      if (failure == null) {
        end(End.ARRIVED);
      } else if (failure.refusal().filter(Refusal.EXPIRED::equals).isPresent()) {
        end(End.EXPIRED);
      } else {
        giveUpPush();
        time.soon(SECOND / 10, this::attempt);
      }
    }

    /** The decode worker died; whoever noticed starts a new attempt. */
    void lost(SimulatedDecodeWorker dead) {
      if (end == null && worker == dead && reservation != null) {
        reservation = null;
        giveUpPush();
        time.soon(SECOND, this::attempt);
      }
    }

    private void cancel() {
      if (end != null) {
        return;
      }
      if (reservation != null) {
        SimulatedDecodeWorker.Reservation held = reservation;
        reservation = null;
        // The decode worker does it when it can; until then its listener may be called.
        worker.process().at(time.now(), held::cancel);
      }
      end(End.CANCELLED);
      giveUpPush();
    }

    /** Sometimes nobody tells the pushing side. */
    private void giveUpPush() {
      if (push != null && random.nextBoolean()) {
        push.cancel();
      }
    }

    private void end(End how) {
      end = how;
      ends.merge(how, 1, Integer::sum);
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
