/** A whole cluster on this machine, its parts separate processes: {@code baton up}. */
@NullMarked
package dev.baton.cli.local;

import org.jspecify.annotations.NullMarked;
