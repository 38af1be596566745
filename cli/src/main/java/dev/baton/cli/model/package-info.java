/**
 * {@code baton model}: makes model directories, compares what they predict, and says which bits the
 * engine makes of them. {@link dev.baton.cli.model.ModelComparison} measures the loss of a text.
 */
@NullMarked
package dev.baton.cli.model;

import org.jspecify.annotations.NullMarked;
