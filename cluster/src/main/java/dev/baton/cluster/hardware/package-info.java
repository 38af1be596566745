/**
 * Hardware profiles: what a chip can do, how well it does it, what it takes and costs. A catalog
 * ships with Baton; users add theirs as YAML files or as {@link
 * dev.baton.cluster.hardware.ProfileProvider}s. Start reading at {@link
 * dev.baton.cluster.hardware.HardwareProfile}; times are predicted from it in {@link
 * dev.baton.cluster.phase}.
 */
@NullMarked
package dev.baton.cluster.hardware;

import org.jspecify.annotations.NullMarked;
