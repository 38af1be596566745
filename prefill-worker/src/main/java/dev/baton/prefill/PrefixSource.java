package dev.baton.prefill;

import dev.baton.kv.handoff.KvPuller;

/**
 * A worker that is believed to hold leading blocks of a prompt.
 *
 * @param worker where they are
 * @param blocks how many, from the prompt's first on
 */
record PrefixSource(KvPuller.Source worker, int blocks) {}
