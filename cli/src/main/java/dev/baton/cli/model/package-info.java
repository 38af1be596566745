/** {@code baton model}: makes model directories. */
@NullMarked
package dev.baton.cli.model;

import org.jspecify.annotations.NullMarked;
