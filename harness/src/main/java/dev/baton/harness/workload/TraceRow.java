package dev.baton.harness.workload;

/**
 * One request of a trace.
 *
 * @param seconds since the trace's first request
 * @param prompt its prompt
 * @param outputTokens tokens of its answer, at least 1
 */
public record TraceRow(double seconds, PromptShape prompt, int outputTokens) {}
