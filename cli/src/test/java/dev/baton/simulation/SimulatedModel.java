package dev.baton.simulation;

import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.emulated.EmulatedEngine;
import dev.baton.engine.emulated.EmulatedModel;
import dev.baton.engine.emulated.Pace;
import dev.baton.engine.emulated.StepTimes;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.handoff.Layouts;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.sampling.Sampling;
import dev.baton.model.weights.WeightDtype;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.router.generation.TextModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The model that simulated workers run, emulated: whatever KV a step reads is checked byte by byte,
 * and the next token depends on all tokens before it.
 */
final class SimulatedModel {
  static final String NAME = "simulated";
  static final int VOCABULARY = 300;
  static final int BLOCK_TOKENS = 4;

  private static final int CONTEXT = 256;
  private static final EmulatedModel MODEL =
      new EmulatedModel(
          new Layout(2, 1, 2, KvDtype.F32, BLOCK_TOKENS, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN),
          new Lineage("5e".repeat(32)),
          VOCABULARY,
          CONTEXT);
  private static final Pace AT_ONCE =
      new Pace() {
        @Override
        public long nanos() {
          return 0;
        }

        @Override
        public void until(long nanos) {}
      };

  private SimulatedModel() {}

  static Layout layout() {
    return MODEL.layout();
  }

  static Lineage lineage() {
    return MODEL.lineage();
  }

  /** As workers register it. */
  static ServedModel served() {
    return ServedModel.newBuilder()
        .setName(NAME)
        .setLineage(lineage().hex())
        .setLayout(Layouts.toProto(layout()))
        .setContextTokens(CONTEXT)
        .setVocabulary(VOCABULARY)
        .build();
  }

  /** An engine whose steps take time in a process. */
  static EmulatedEngine engine(SimulatedProcess process, StepTimes times) {
    return new EmulatedEngine(
        MODEL,
        times,
        new Pace() {
          @Override
          public long nanos() {
            return process.nanoTime();
          }

          @Override
          public void until(long nanos) {
            process.awaitTime(nanos);
          }
        });
  }

  private static EmulatedEngine instantEngine() {
    return new EmulatedEngine(
        MODEL,
        new StepTimes() {
          @Override
          public double prefillSeconds(long newTokens, long cachedTokens) {
            return 0;
          }

          @Override
          public double decodeSeconds(int batch, long totalContext) {
            return 0;
          }
        },
        AT_ONCE);
  }

  /** What an undisturbed run answers: one engine, one sequence, one step after the other. */
  static List<Integer> answer(int[] prompt, Sampling sampling, int choice, int maxTokens) {
    int blocks = layout().blocksFor(prompt.length + maxTokens);
    try (Engine engine = instantEngine();
        BlockPool pool = new BlockPool(layout(), blocks)) {
      List<Block> table = pool.tryReserve(blocks);
      float[] logits = new float[VOCABULARY];
      TokenHistory history = new TokenHistory(prompt);
      List<Integer> answer = new ArrayList<>();
      int[] next = prompt;
      int position = 0;
      do {
        engine.run(List.of(new Span(next, position, table, logits)));
        position += next.length;
        int token = Sampler.sample(logits, sampling, history, position, choice, -1).id();
        history.append(token);
        answer.add(token);
        next = new int[] {token};
      } while (answer.size() < maxTokens);
      pool.release(table);
      return answer;
    }
  }

  /** The router's part of it: tokenizer and template. Shared by all simulations of this JVM. */
  static TextModel text() {
    return Text.MODEL;
  }

  private static final class Text {
    static final TextModel MODEL = open();

    private static TextModel open() {
      try {
        Path root = Files.createTempDirectory("baton-simulation");
        Path directory = root.resolve("model");
        RandomModel.write(
            directory,
            new RandomModel.Shape(1, 8, 16, 2, 1, VOCABULARY, CONTEXT, true, WeightDtype.F32),
            7);
        TextModel model = TextModel.open(ModelDirectory.open(directory), NAME);
        try (var files = Files.walk(root)) {
          files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
        return model;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
