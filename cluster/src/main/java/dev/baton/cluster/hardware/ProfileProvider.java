package dev.baton.cluster.hardware;

import java.util.List;

/**
 * Adds hardware profiles to the catalog of every process on whose class path it is: a public class
 * with a public constructor without parameters, named in {@code
 * META-INF/services/dev.baton.cluster.hardware.ProfileProvider}.
 */
public interface ProfileProvider {
  /** The profiles; one whose name the catalog already has replaces it. */
  List<HardwareProfile> profiles();
}
