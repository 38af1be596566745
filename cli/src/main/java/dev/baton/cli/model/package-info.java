/** {@code baton model}: makes model directories, and says which bits the engine makes of them. */
@NullMarked
package dev.baton.cli.model;

import org.jspecify.annotations.NullMarked;
