/**
 * What is asked for and when: traces, arrivals, lengths, and prompts whose text follows from the
 * trace's block ids. Start at {@link dev.baton.harness.workload.Workload}.
 */
@NullMarked
package dev.baton.harness.workload;

import org.jspecify.annotations.NullMarked;
