/**
 * What every command shares with the shell that started it: errors in one line, units in flags,
 * signals, a progress line, safe text.
 */
@NullMarked
package dev.baton.cli.shell;

import org.jspecify.annotations.NullMarked;
