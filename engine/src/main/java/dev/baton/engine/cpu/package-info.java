/**
 * The embedded engine: transformers of the Llama, Mistral and Qwen families on the CPU. {@link
 * dev.baton.engine.cpu.CpuEngine} is the way in; every kernel is a class of its own that reads like
 * its formula. Whoever changes a bit of what they compute raises {@link
 * dev.baton.model.LineageDigest#ARITHMETIC_VERSION}.
 */
@NullMarked
package dev.baton.engine.cpu;

import org.jspecify.annotations.NullMarked;
