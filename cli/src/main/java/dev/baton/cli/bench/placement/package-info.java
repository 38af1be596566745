/**
 * What a placement decision costs: {@link dev.baton.cli.bench.placement.PlacementBenchCommand}
 * times every policy over views of clusters of several sizes, which {@link
 * dev.baton.cli.bench.placement.DrawnCluster} draws.
 */
@NullMarked
package dev.baton.cli.bench.placement;

import org.jspecify.annotations.NullMarked;
