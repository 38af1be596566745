/**
 * {@code baton bench engine}: how fast the embedded engine reads prompts and writes answers, as a
 * share of what the machine can do. {@link dev.baton.cli.bench.engine.EngineBench} measures, {@link
 * dev.baton.cli.bench.engine.EngineReport} says it.
 */
@NullMarked
package dev.baton.cli.bench.engine;

import org.jspecify.annotations.NullMarked;
