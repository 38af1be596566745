/** {@code baton bench router}: what the router costs, between stub workers and their clients. */
@NullMarked
package dev.baton.cli.bench.relay;

import org.jspecify.annotations.NullMarked;
