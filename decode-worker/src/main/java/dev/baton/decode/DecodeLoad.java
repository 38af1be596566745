package dev.baton.decode;

/**
 * Work on a decode worker at one moment.
 *
 * @param running requests that decode
 * @param waiting requests that wait for room or for KV
 * @param sequences answers that all these requests have
 * @param draining whether it takes nothing new
 */
record DecodeLoad(int running, int waiting, int sequences, boolean draining) {}
