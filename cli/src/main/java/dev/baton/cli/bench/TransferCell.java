package dev.baton.cli.bench;

/**
 * One combination of what can be chosen for a handoff.
 *
 * @param plane bytes of a plane
 * @param streams most streams of one handoff
 */
record TransferCell(long plane, int streams) {}
