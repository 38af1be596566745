package dev.baton.harness.workload;

import java.util.Optional;
import java.util.stream.LongStream;

/** How long prompts and answers are, and what they share. */
public sealed interface Lengths {
  /** The request of this number, counted from 0; empty when there are no more. */
  Optional<TraceRow> row(int index);

  /** For the report. */
  String text();

  /**
   * All alike, and no two share a block.
   *
   * @param promptTokens at least 1
   * @param outputTokens at least 1
   */
  record Fixed(int promptTokens, int outputTokens) implements Lengths {
    private static final int BLOCK_TOKENS = 512;

    /** Refuses lengths of nothing. */
    public Fixed {
      if (promptTokens < 1 || outputTokens < 1) {
        throw new WorkloadException("prompt and output tokens: expected at least 1");
      }
    }

    @Override
    public Optional<TraceRow> row(int index) {
      long blocks = Math.ceilDiv(promptTokens, BLOCK_TOKENS);
      PromptShape prompt =
          new PromptShape(
              LongStream.range(index * blocks, (index + 1) * blocks).boxed().toList(),
              BLOCK_TOKENS,
              promptTokens);
      return Optional.of(new TraceRow(0, prompt, outputTokens));
    }

    @Override
    public String text() {
      return promptTokens + " prompt and " + outputTokens + " output tokens";
    }
  }

  /**
   * Those of a trace, once.
   *
   * @param trace where from
   * @param scale lengths are multiplied by this and rounded
   */
  record OfTrace(Trace trace, double scale) implements Lengths {
    /** Refuses a scale that is none. */
    public OfTrace {
      if (!(scale > 0) || scale > 100) {
        throw new WorkloadException("length scale: " + scale + ", expected more than 0, up to 100");
      }
    }

    @Override
    public Optional<TraceRow> row(int index) {
      if (index >= trace.rows().size()) {
        return Optional.empty();
      }
      TraceRow row = trace.rows().get(index);
      return Optional.of(
          new TraceRow(
              row.seconds(),
              row.prompt().scaled(scale),
              PromptShape.atLeastOne(row.outputTokens() * scale)));
    }

    @Override
    public String text() {
      return trace.name() + (scale == 1 ? "" : ", lengths x " + scale);
    }
  }
}
