package dev.baton.router.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.config.YamlFields;
import dev.baton.router.tenant.Tenant;
import dev.baton.router.tenant.Tenants;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TenantsFileTest {
  /** {@code printf %s secret-of-acme | sha256sum}. */
  private static final String ACME =
      "a350aa34bafeb5432544ced04ca4343b2a46d239ceb8f0f4ba9e71a7d307feb2";

  private static final String OTHER = "0".repeat(64);

  private static TenantPolicies read(String yaml) {
    return TenantsFile.read(YamlFields.parse("tenants.yaml", yaml));
  }

  private static String acme(String more) {
    return """
    tenants:
      - name: acme
        keys:
          - sha256: "%s"
    %s
    """
        .formatted(ACME, more.indent(4));
  }

  @Test
  void aTenantIsFoundByTheHashOfItsKey() {
    TenantPolicies policies =
        read(
            acme(
                """
                weight: 3
                tokens_per_second: 500
                burst_tokens: 20000
                requests_per_minute: 120
                burst_requests: 5
                max_running_requests: 8
                max_queued_requests: 9
                max_queued_tokens: 10000
                max_priority: high
                """));
    Tenant tenant = Tenants.ofAuthorization("Bearer secret-of-acme").orElseThrow();
    assertThat(policies.of(tenant))
        .isEqualTo(
            new Payer(
                "acme",
                new TenantPolicy(
                    3,
                    Optional.of(new Rate(500, 20_000)),
                    Optional.of(new Rate(2, 5)),
                    8,
                    9,
                    10_000,
                    Priority.HIGH)));
  }

  @Test
  void whoeverIsNotListedSharesOneAccount() {
    TenantPolicies policies = read("default:\n  tokens_per_second: 10\n");
    Payer anonymous = policies.of(Tenant.ANONYMOUS);
    assertThat(policies.of(Tenants.ofAuthorization("Bearer whatever").orElseThrow()))
        .isEqualTo(anonymous);
    assertThat(anonymous.name()).isEqualTo("default");
    assertThat(anonymous.policy().tokens()).contains(new Rate(10, 10));
  }

  @Test
  void withoutAFileEveryKeyHasAnAccountOfItsOwn() {
    Payer one = TenantPolicies.NONE.of(Tenants.ofAuthorization("Bearer one").orElseThrow());
    Payer two = TenantPolicies.NONE.of(Tenants.ofAuthorization("Bearer two").orElseThrow());
    assertThat(one).isNotEqualTo(two);
    assertThat(one.policy()).isEqualTo(TenantPolicy.UNLIMITED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "weight: 0 | tenants[0].weight is 0",
        "weight: 1.5 | tenants[0].weight is 1.5",
        "tokens_per_second: -1 | tenants[0].tokens_per_second is -1",
        "burst_tokens: 5 | tenants[0].burst_tokens is 5 without tokens_per_second",
        "burst_requests: 5 | tenants[0].burst_requests is 5 without requests_per_minute",
        "max_running_requests: 0 | tenants[0].max_running_requests is 0",
        "max_priority: urgent | tenants[0].max_priority is urgent, expected low, normal, high",
        "wieght: 2 | tenants[0].wieght is unknown",
      })
  void aWrongFieldIsNamedWithFileAndPath(String line, String expected) {
    assertThatThrownBy(() -> read(acme(line)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tenants.yaml: ")
        .hasMessageContaining(expected);
  }

  @Test
  void keysAreHashesAndBelongToOneTenant() {
    String plain = "tenants: [{name: a, keys: [{sha256: my-secret-key}]}]";
    assertThatThrownBy(() -> read(plain))
        .hasMessageContaining("tenants[0].keys[0].sha256")
        .hasMessageContaining("64 hexadecimal digits");
    String twice =
        "tenants: [{name: a, keys: [{sha256: '%s'}]}, {name: b, keys: [{sha256: '%s'}]}]"
            .formatted(OTHER, OTHER);
    assertThatThrownBy(() -> read(twice)).hasMessageContaining("tenants[1].keys[0].sha256");
    assertThatThrownBy(() -> read("tenants: [{name: a}]"))
        .hasMessageContaining("tenants[0].keys is missing");
  }

  @Test
  void namesAreUniqueAndNotThatOfTheRest() {
    String twice =
        "tenants: [{name: a, keys: [{sha256: '%s'}]}, {name: a, keys: [{sha256: '%s'}]}]"
            .formatted(OTHER, ACME);
    assertThatThrownBy(() -> read(twice)).hasMessageContaining("tenants[1].name is a");
    assertThatThrownBy(() -> read("tenants: [{name: default, keys: [{sha256: '" + ACME + "'}]}]"))
        .hasMessageContaining("tenants[0].name is default");
    assertThatThrownBy(() -> read("tenant: []")).hasMessageContaining("tenant is unknown");
  }
}
