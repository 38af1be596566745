/**
 * {@code baton chaos}: a cluster of real processes under a seeded load and seeded faults, whose
 * every stream is compared with an undisturbed run. {@code ChaosRun} is the course of it, {@code
 * ChaosCluster} the processes and the proxies between them, {@code FaultInjection} does the faults;
 * what they are, and how streams are judged, is in {@code dev.baton.harness.chaos}.
 */
@NullMarked
package dev.baton.cli.chaos;

import org.jspecify.annotations.NullMarked;
