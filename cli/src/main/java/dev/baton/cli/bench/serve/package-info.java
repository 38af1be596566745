/**
 * {@code baton bench serve} and {@code baton bench report}: a server under load, and its figures.
 */
@NullMarked
package dev.baton.cli.bench.serve;

import org.jspecify.annotations.NullMarked;
