package dev.baton.harness.load;

/**
 * What one request asks a server.
 *
 * @param prompt its text
 * @param outputTokens most tokens of the answer
 */
public record Ask(String prompt, int outputTokens) {}
