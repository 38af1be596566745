package dev.baton.client;

/**
 * What a request took.
 *
 * @param promptTokens tokens of the prompt
 * @param cachedTokens prompt tokens whose KV was at hand and was not computed again
 * @param completionTokens tokens generated, over all choices, the ending tokens included
 */
public record Usage(int promptTokens, int cachedTokens, int completionTokens) {}
