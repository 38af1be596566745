/**
 * {@code baton soak}: a cluster under seeded random requests for as long as one likes, checked at
 * rest after every round. {@code SoakRun} is the loop, {@code SoakRequests} what is asked.
 */
@NullMarked
package dev.baton.cli.soak;

import org.jspecify.annotations.NullMarked;
