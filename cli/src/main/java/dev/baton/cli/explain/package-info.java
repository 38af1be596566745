/** {@code baton explain}: where a request was placed, and why. */
@NullMarked
package dev.baton.cli.explain;

import org.jspecify.annotations.NullMarked;
