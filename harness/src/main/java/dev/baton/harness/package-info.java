/**
 * Drives servers from outside and says how they did: {@link dev.baton.harness.workload} plans
 * requests, {@link dev.baton.harness.load} sends them and writes down what came back, {@link
 * dev.baton.harness.report} turns that into figures and plots; {@link dev.baton.harness.chaos}
 * breaks things meanwhile, and compares; {@link dev.baton.harness.relay} has the workers without a
 * model that a router is measured with.
 */
@NullMarked
package dev.baton.harness;

import org.jspecify.annotations.NullMarked;
