package dev.baton.router.admission;

import dev.baton.router.tenant.Tenant;
import java.util.Map;
import java.util.Optional;

/**
 * Which account a tenant is charged to. Immutable.
 *
 * @param listed accounts of tenants that an operator knows, by {@link Tenant#name()}
 * @param others the one account of everybody else; empty where each has its own, without limits
 */
public record TenantPolicies(Map<String, Payer> listed, Optional<Payer> others) {
  /** Nobody is limited, and all have the same weight. */
  public static final TenantPolicies NONE = new TenantPolicies(Map.of(), Optional.empty());

  /** Copies the map. */
  public TenantPolicies {
    listed = Map.copyOf(listed);
  }

  /** The account of a tenant. */
  public Payer of(Tenant tenant) {
    Payer known = listed.get(tenant.name());
    // Whoever is unknown shares one account: a fresh API key must not bring fresh credit.
    return known != null
        ? known
        : others.orElseGet(() -> new Payer(tenant.name(), TenantPolicy.UNLIMITED));
  }
}
