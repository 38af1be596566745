package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.SampledToken;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A decode worker drains beside a peer: what it wrote, and has not finished, is the peer's. */
class DrainBetweenWorkersTest {
  private static final int BLOCKS = 160;
  private static final int PROMPT = 40;
  private static final int ANSWER = 2000;
  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** Less than the answer takes, and far more than the test. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir static Path directory;

  private static int[] prompt() {
    return IntStream.range(0, PROMPT).map(i -> (i * 7 + 3) % ChainEngine.VOCABULARY).toArray();
  }

  @Test
  void answerThatWouldOutliveTheLimitIsGivenBackAtOnceAndItsBlocksAreAtThePeer() {
    ChainEngine slow = new ChainEngine();
    slow.beforeStep(_ -> LockSupport.parkNanos(STEP_NANOS));
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
        Worker leaving =
            Worker.start(Worker.config(zookeeper, "d-1", BLOCKS, 2, DrainLimits.of(LIMIT)), slow);
        Worker peer = Worker.start(Worker.config(zookeeper, "d-2", BLOCKS, 2), new ChainEngine())) {
      Call call = leaving.call(Ask.greedy(prompt(), ANSWER));
      call.reserved();
      leaving.push(call);
      call.awaitTokens(20);

      leaving.worker.close();

      assertThat(BatonException.from(call.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
      int written = call.ids(0).size();
      assertThat(written).as("tokens until it was given back").isLessThan(ANSWER / 4);
      // The last token has no KV yet.
      assertThat(peer.worker.blocks().cached()).isEqualTo((PROMPT + written - 1) / 16);
      int[] begun =
          IntStream.concat(IntStream.of(prompt()), call.ids(0).stream().mapToInt(Integer::intValue))
              .toArray();
      Call rest = peer.decode(Ask.greedy(begun, 5));
      assertThat(rest.arrived().getBlocksPresent()).isEqualTo((PROMPT + written - 1) / 16);
      assertThat(rest.ids(0)).isEqualTo(undisturbed(written));
    }
  }

  /** Five tokens behind so many, of a worker that computes them all. */
  private static List<Integer> undisturbed(int after) {
    return PlainRun.answer(
            new ChainEngine(), prompt(), Sampling.greedy(), 0, after + 5, Set.of(), -1)
        .stream()
        .skip(after)
        .map(SampledToken::getId)
        .toList();
  }
}
