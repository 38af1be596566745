/**
 * Faults on purpose, and what became of every stream meanwhile. {@link
 * dev.baton.harness.chaos.FaultSchedule} draws which faults happen, {@link
 * dev.baton.harness.chaos.FaultProxy} makes those of the wire, {@link
 * dev.baton.harness.chaos.ChaosRequests} draws what is asked, a {@link
 * dev.baton.harness.chaos.Door} asks it, and {@link dev.baton.harness.chaos.Judge} compares what
 * was heard with an undisturbed run.
 */
@NullMarked
package dev.baton.harness.chaos;

import org.jspecify.annotations.NullMarked;
