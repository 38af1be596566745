/**
 * The one program: {@link dev.baton.cli.Baton} is its entry, and every subcommand has a package of
 * its own. Servers are in {@code node}, a whole cluster on this machine in {@code local}, {@code
 * demo}, {@code chat} and {@code doctor} use it.
 */
@NullMarked
package dev.baton.cli;

import org.jspecify.annotations.NullMarked;
