package dev.baton.harness.chaos;

/**
 * What became of a stream, and why.
 *
 * @param outcome in one word
 * @param reason for counting: the failure's code, or what differed; empty where all is well
 * @param detail for people
 */
public record Judgement(Outcome outcome, String reason, String detail) {}
