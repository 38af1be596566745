/**
 * Makes int8 models of models of floats. Start from {@link
 * dev.baton.model.quantize.QuantizedModel}; what the numbers mean stands at {@link
 * dev.baton.model.weights.Tensor}.
 */
@NullMarked
package dev.baton.model.quantize;

import org.jspecify.annotations.NullMarked;
