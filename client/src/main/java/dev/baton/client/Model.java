package dev.baton.client;

/**
 * A model that can be asked.
 *
 * @param name by which requests ask for it
 * @param contextTokens most tokens of prompt and answer together
 * @param prefillWorkers prefill workers that serve it now
 * @param decodeWorkers decode workers that serve it now
 */
public record Model(String name, int contextTokens, int prefillWorkers, int decodeWorkers) {}
