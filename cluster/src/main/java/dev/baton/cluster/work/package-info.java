/**
 * What a worker's steps took: their times beside those that its hardware profile predicts, and the
 * energy that follows from the profile's watts, which is modelled and not measured. Start reading
 * at {@link dev.baton.cluster.work.WorkMeter}; what it counts travels in the worker's status.
 */
@NullMarked
package dev.baton.cluster.work;

import org.jspecify.annotations.NullMarked;
