/**
 * The embedded engine: transformers of the Llama, Mistral and Qwen families on the CPU. {@link
 * dev.baton.engine.cpu.CpuEngine} is the way in; every kernel is a class of its own that reads like
 * its formula. Whoever changes a bit of what they compute raises {@link
 * dev.baton.model.LineageDigest#ARITHMETIC_VERSION}.
 *
 * <p>Kernels keep rules that are not Java's but the JIT's, or they are slow in some processes and
 * not in others: they are small and call nothing; no vector of floats is reinterpreted as ints,
 * which the interpreter does by way of a heap segment, so that {@code
 * FloatVector.intoMemorySegment} sees native memory alone; floats, not ints, are what is written.
 */
@NullMarked
package dev.baton.engine.cpu;

import org.jspecify.annotations.NullMarked;
