/**
 * How long the phases of a request take on a worker, and what they cost: functions of its hardware
 * profile and of the model's numbers, without clock or I/O. Start reading at {@link
 * dev.baton.cluster.phase.PhaseModel}; formulas, sources and measured errors stand in {@code
 * docs/hardware-profiles.md}.
 */
@NullMarked
package dev.baton.cluster.phase;

import org.jspecify.annotations.NullMarked;
