package dev.baton.router.tenant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TenantsTest {
  private static Tenant of(String header) {
    return Tenants.ofAuthorization(header).orElseThrow();
  }

  @Test
  void noHeaderIsAnonymousAndAKeyNeverIs() {
    assertThat(Tenants.ofAuthorization(null)).isEqualTo(Optional.of(Tenant.ANONYMOUS));
    assertThat(of("Bearer anonymous")).isNotEqualTo(Tenant.ANONYMOUS);
  }

  @Test
  void oneKeyIsOneTenantWhoseNameDoesNotShowTheKey() {
    assertThat(of("bearer  sk-1 ")).isEqualTo(of("Bearer sk-1"));
    assertThat(of("Bearer sk-1")).isNotEqualTo(of("Bearer sk-2"));
    assertThat(of("Bearer sk-1").name()).matches("[0-9a-f]{64}");
  }

  @Test
  void aTenantCannotTakeAnothersNameAsItsKey() {
    Tenant victim = of("Bearer sk-1");
    assertThat(of("Bearer " + victim.name())).isNotEqualTo(victim);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer", "Bearer ", "Basic abc", "sk-1"})
  void whatIsNoBearerKeyIsNobody(String header) {
    assertThat(Tenants.ofAuthorization(header)).isEmpty();
  }

  @Test
  void saltsDifferByTenantAndBySecretAndAreStable() {
    Tenants tenants = new Tenants("secret one of the test");
    Tenant tenant = of("Bearer sk-1");
    assertThat(tenants.salt(tenant)).isEqualTo(new Tenants("secret one of the test").salt(tenant));
    assertThat(tenants.salt(tenant)).isNotEqualTo(tenants.salt(Tenant.ANONYMOUS));
    assertThat(tenants.salt(tenant)).isNotEqualTo(new Tenants("another secret").salt(tenant));
  }
}
