package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.membership.Member;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.FakePrefill;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.TestModel;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/**
 * A router before two prefill workers, {@code p} and {@code p2}, and two decode workers, {@code d}
 * and {@code d2}, and one client's request.
 */
abstract class FourWorkers {
  static final Duration STALL = Duration.ofSeconds(30);

  House house = new House(limits(STALL));
  final FakePrefill p2 = new FakePrefill("p2");
  final FakeDecode d2 = new FakeDecode("d2");
  final Heard heard = new Heard();

  FourWorkers() {
    everybody();
  }

  /** All four, heard of: equals are then chosen by their names. */
  private void everybody() {
    members(house.prefill.member(), p2.member(), house.decode.member(), d2.member());
    await()
        .atMost(10, SECONDS)
        .until(() ->
            house.workers.view().prefill().stream().allMatch(PrefillWorker::fresh)
                && house.workers.view().decode().stream().allMatch(DecodeWorker::fresh));
  }

  static GenerationLimits limits(Duration stallLimit) {
    return new GenerationLimits(32, Duration.ofSeconds(60), stallLimit, RecoveryLimits.DEFAULT);
  }

  /** Who is silent is lost soon. */
  void hurry() {
    house.close();
    house = new House(limits(Duration.ofMillis(1500)));
    everybody();
  }

  void members(Member... members) {
    house.workers.members(List.of(members));
  }

  @AfterEach
  final void close() {
    house.close();
    p2.close();
    d2.close();
  }

  static GenerateRequest.Builder text(String text) {
    return House.text(text).setMaxTokens(20);
  }

  GenerationCall start(GenerateRequest.Builder asked) {
    return house.start(asked, heard);
  }

  double recoveries(String reason, String kind) {
    return house.counted("baton.recoveries", "reason", reason, "kind", kind);
  }

  static void write(DecodeProbe decode, String text) {
    TestModel.tokens(text).forEach(token -> decode.tokens(0, List.of(token)));
  }

  /** A request that decodes on {@code d}, which has written this. */
  DecodeProbe decodingOnD(GenerateRequest.Builder asked, String text) throws Exception {
    start(asked);
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.kvArrived(1, 0, 1);
    prefill.done(0);
    write(decode, text);
    int tokens = TestModel.tokens(text).size();
    await()
        .atMost(5, SECONDS)
        .until(
            () -> heard.all(Delta.class).stream().mapToInt(Delta::getTokensCount).sum() == tokens);
    return decode;
  }

  static DecodeProbe joins(FakeDecode worker, FakePrefill reader) throws Exception {
    DecodeProbe decode = worker.next();
    decode.reserved();
    PrefillProbe prefill = reader.next();
    decode.kvArrived(1, 0, 1);
    prefill.done(0);
    return decode;
  }
}
