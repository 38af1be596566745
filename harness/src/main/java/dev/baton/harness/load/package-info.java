/**
 * Sends planned requests to a server and writes down when each token came. Start at {@link
 * dev.baton.harness.load.LoadGenerator}.
 */
@NullMarked
package dev.baton.harness.load;

import org.jspecify.annotations.NullMarked;
