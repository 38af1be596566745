package dev.baton.decode;

import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.HandoffSender;
import dev.baton.kv.handoff.Ticket;
import dev.baton.kv.transport.Connections;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.SampledToken;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Stands for a prefill worker: computes a prompt in one step and pushes it. */
final class Peer implements AutoCloseable {
  private final Engine engine;
  private final HandoffSender sender;

  Peer(Engine engine) {
    this.engine = engine;
    this.sender =
        new HandoffSender(
            engine.layout(),
            engine.lineage(),
            () -> 1,
            Duration.ofSeconds(30),
            1,
            Connections.over(Connections.Wire.ANY),
            new SimpleMeterRegistry());
  }

  /** Pushes with the first tokens of so many choices. */
  HandoffReceipt push(
      String target,
      Ticket ticket,
      int[] prompt,
      List<BlockKey> keys,
      Sampling sampling,
      int choices,
      int topLogprobs)
      throws HandoffException {
    try (BlockPool pool = new BlockPool(engine.layout(), keys.size())) {
      List<Block> blocks = pool.tryReserve(keys.size());
      float[] logits = new float[engine.vocabulary()];
      synchronized (engine) {
        engine.run(List.of(new Span(prompt, 0, blocks, logits)));
      }
      TokenHistory history = new TokenHistory(prompt);
      List<SampledToken> first =
          IntStream.range(0, choices)
              .mapToObj(choice ->
                  Sampler.sample(logits, sampling, history, prompt.length, choice, topLogprobs)
                      .toProto())
              .toList();
      try {
        return sender.push(target, ticket, keys, prompt.length, blocks, first);
      } finally {
        pool.release(blocks);
      }
    }
  }

  /** Pushes the right blocks with these first tokens. */
  HandoffReceipt push(
      String target, Ticket ticket, int[] prompt, List<BlockKey> keys, List<SampledToken> first)
      throws HandoffException {
    try (BlockPool pool = new BlockPool(engine.layout(), keys.size())) {
      List<Block> blocks = pool.tryReserve(keys.size());
      synchronized (engine) {
        engine.run(List.of(new Span(prompt, 0, blocks, new float[engine.vocabulary()])));
      }
      try {
        return sender.push(target, ticket, keys, prompt.length, blocks, first);
      } finally {
        pool.release(blocks);
      }
    }
  }

  @Override
  public void close() {
    sender.close();
  }
}
