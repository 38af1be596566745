/**
 * What this machine can do at most: {@link dev.baton.cli.machine.MachineLimits}, measured by a
 * {@link dev.baton.cli.machine.Crew} of threads. Profiles of hardware are made of it, and benches
 * say what share of it they reach, in {@link dev.baton.cli.machine.Rounds}. And what its processes
 * share: {@link dev.baton.cli.machine.WeightOptions}.
 */
@NullMarked
package dev.baton.cli.machine;

import org.jspecify.annotations.NullMarked;
