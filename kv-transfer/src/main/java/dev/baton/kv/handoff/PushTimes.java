package dev.baton.kv.handoff;

import java.util.List;

/**
 * What a completed push did, and when.
 *
 * @param receipt what was moved
 * @param totalNanos from Open to Ack, waits for planes included
 * @param transferNanos of that, the time in which planes were on their way: from the first that was
 *     ready until none was, and from Commit to Ack
 * @param transfers when that was; the closest are joined where there are many
 * @param wakeUpNanos mean time from the word that planes are ready until the waiting thread had
 *     taken it up; 0 if it never waited
 */
public record PushTimes(
    HandoffReceipt receipt,
    long totalNanos,
    long transferNanos,
    List<BusyTimes.Interval> transfers,
    long wakeUpNanos) {}
