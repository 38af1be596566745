/** {@code baton pool}: which pools serve which model, and which roles a mixed worker has. */
@NullMarked
package dev.baton.cli.pool;

import org.jspecify.annotations.NullMarked;
