/**
 * What this machine can do at most: {@link dev.baton.cli.machine.MachineLimits}, measured by a
 * {@link dev.baton.cli.machine.Crew} of threads. Profiles of hardware are made of it. Benches say
 * what share they reach of what it can do right before and after each of their {@link
 * dev.baton.cli.machine.Rounds}, by {@link dev.baton.cli.machine.LimitProbe}. And what its
 * processes share: {@link dev.baton.cli.machine.WeightOptions}.
 */
@NullMarked
package dev.baton.cli.machine;

import org.jspecify.annotations.NullMarked;
