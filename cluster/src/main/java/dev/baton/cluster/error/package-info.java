/**
 * What goes wrong: {@link dev.baton.cluster.error.BatonException} fails a request and travels
 * between processes, {@link dev.baton.cluster.error.StartException} keeps a process from starting.
 * Each message is one sentence for the person who reads it at 3 a.m.
 */
@NullMarked
package dev.baton.cluster.error;

import org.jspecify.annotations.NullMarked;
