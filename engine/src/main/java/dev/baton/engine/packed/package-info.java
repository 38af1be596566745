/**
 * A model's packed weights in a file that all processes of a machine map: packed once, in memory
 * once. {@link dev.baton.engine.packed.WeightStore} is the way in; decision 023 says what it costs.
 */
@NullMarked
package dev.baton.engine.packed;

import org.jspecify.annotations.NullMarked;
