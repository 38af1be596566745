/**
 * A model's tensors, memory-mapped from safetensors files. Start from {@link
 * dev.baton.model.weights.Weights}.
 */
@NullMarked
package dev.baton.model.weights;

import org.jspecify.annotations.NullMarked;
