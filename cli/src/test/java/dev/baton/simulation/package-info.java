/**
 * A whole cluster on one thread, in a time of its own. {@link
 * dev.baton.simulation.ClusterSimulation} says what is real in it, what is not, and what must hold;
 * begin there. {@link dev.baton.simulation.Events} is the loop, {@link
 * dev.baton.simulation.Network} what everybody talks through.
 */
@NullMarked
package dev.baton.simulation;

import org.jspecify.annotations.NullMarked;
