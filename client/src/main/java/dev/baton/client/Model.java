package dev.baton.client;

import java.util.OptionalDouble;

/**
 * A model that can be asked.
 *
 * @param name by which requests ask for it
 * @param contextTokens most tokens of prompt and answer together
 * @param prefillWorkers prefill workers that serve it now
 * @param decodeWorkers decode workers that serve it now
 * @param dollarsPerHour price of the chips of all these workers; empty where one has none
 * @param joules energy that they took since each of them started, idle time included: modelled, not
 *     measured; empty where one of them did not say
 */
public record Model(
    String name,
    int contextTokens,
    int prefillWorkers,
    int decodeWorkers,
    OptionalDouble dollarsPerHour,
    OptionalDouble joules) {}
