/**
 * How a long-running command lives: it says that it is ready, and ends with a signal or with its
 * parent.
 */
@NullMarked
package dev.baton.cli.process;

import org.jspecify.annotations.NullMarked;
