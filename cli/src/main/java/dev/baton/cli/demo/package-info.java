/**
 * {@code baton demo}: two turns of a conversation through a local cluster, and the account of them.
 */
@NullMarked
package dev.baton.cli.demo;

import org.jspecify.annotations.NullMarked;
