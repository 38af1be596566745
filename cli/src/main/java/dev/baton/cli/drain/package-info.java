/** {@code baton drain}: ends members of a cluster without loss, and shows how far they are. */
@NullMarked
package dev.baton.cli.drain;

import org.jspecify.annotations.NullMarked;
