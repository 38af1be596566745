package dev.baton.harness.workload;

/**
 * One request to send.
 *
 * @param index from 0
 * @param atNanos when, since the run's start; 0 in a closed loop
 * @param prompt what is asked
 * @param outputTokens how long an answer
 */
public record PlannedRequest(int index, long atNanos, PromptShape prompt, int outputTokens) {}
