/**
 * What a model is, apart from running it. Start from {@link dev.baton.model.ModelDirectory}, which
 * opens a Hugging Face model directory; what may be wrong with one stands in {@link
 * dev.baton.model.ModelException}.
 */
@NullMarked
package dev.baton.model;

import org.jspecify.annotations.NullMarked;
