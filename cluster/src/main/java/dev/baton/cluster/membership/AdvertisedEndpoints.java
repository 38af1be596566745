package dev.baton.cluster.membership;

import java.util.Objects;
import java.util.Optional;

/**
 * Where others reach a worker, where that is not where it listens: behind a proxy, or behind a
 * network that translates addresses.
 *
 * @param control host:port of its control services; empty: the bound one
 * @param kv host:port where KV goes in and out; empty: the bound one
 */
public record AdvertisedEndpoints(Optional<String> control, Optional<String> kv) {
  /** Checks for null only: whoever registers checks the form. */
  public AdvertisedEndpoints {
    Objects.requireNonNull(control, "control");
    Objects.requireNonNull(kv, "kv");
  }

  /** Others reach the worker where it listens. */
  public static AdvertisedEndpoints asBound() {
    return new AdvertisedEndpoints(Optional.empty(), Optional.empty());
  }
}
