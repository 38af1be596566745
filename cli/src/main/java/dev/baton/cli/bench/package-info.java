/** Measurements of this machine: what the program reaches, next to what the machine could do. */
@NullMarked
package dev.baton.cli.bench;

import org.jspecify.annotations.NullMarked;
