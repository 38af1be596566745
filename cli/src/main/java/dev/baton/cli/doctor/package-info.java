/** {@code baton doctor}: whether this machine can run Baton, and how to mend what is in the way. */
@NullMarked
package dev.baton.cli.doctor;

import org.jspecify.annotations.NullMarked;
