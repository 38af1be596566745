/**
 * {@code baton model}: makes model directories, and compares what they predict. {@link
 * dev.baton.cli.model.ModelComparison} measures the loss of a text.
 */
@NullMarked
package dev.baton.cli.model;

import org.jspecify.annotations.NullMarked;
