package dev.baton.router.admission;

import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.config.YamlFields;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads what an operator grants tenants, from YAML:
 *
 * <pre>{@code
 * tenants:
 *   - name: acme
 *     keys:
 *       - sha256: 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b
 *     weight: 2
 *     tokens_per_second: 5000
 *     burst_tokens: 20000
 *     requests_per_minute: 600
 *     burst_requests: 50
 *     max_running_requests: 64
 *     max_queued_requests: 100
 *     max_queued_tokens: 400000
 *     max_priority: high
 * default:
 *   weight: 1
 *   max_priority: normal
 * }</pre>
 *
 * Every field but the name and the keys may be left out: no limit, weight 1, priority normal. API
 * keys stand in the file by their SHA-256 only.
 */
public final class TenantsFile {
  private static final String OTHERS = "default";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
  private static final int MOST = 1_000_000_000;
  private static final double MINUTE = 60;

  private final YamlFields file;
  private final Map<String, Payer> listed = new HashMap<>();
  private final Set<String> names = new HashSet<>();

  private TenantsFile(YamlFields file) {
    this.file = file;
  }

  /**
   * Reads a file.
   *
   * @throws ConfigException naming file, path, what stands there and what would be right
   */
  public static TenantPolicies read(Path path) {
    return read(YamlFields.read(path));
  }

  static TenantPolicies read(YamlFields file) {
    return new TenantsFile(file).policies();
  }

  private TenantPolicies policies() {
    // The list's elements add themselves.
    List<Payer> _ = file.optionalList("tenants", this::tenant);
    TenantPolicy others =
        file.optionalMapping(OTHERS)
            .map(fields -> {
              TenantPolicy policy = policy(fields);
              fields.end();
              return policy;
            })
            .orElse(TenantPolicy.UNLIMITED);
    file.end();
    return new TenantPolicies(listed, Optional.of(new Payer(OTHERS, others)));
  }

  private Payer tenant(YamlFields fields) {
    String name = fields.text("name");
    if (!NAME.matcher(name).matches() || name.equals(OTHERS)) {
      throw fields.fault(
          "name", name, "up to 64 letters, digits, '.', '_' and '-', other than " + OTHERS);
    }
    if (!names.add(name)) {
      throw fields.fault("name", name, "a name that no tenant before it has");
    }
    Payer payer = new Payer(name, policy(fields));
    List<String> _ =
        fields.list(
            "keys",
            key -> {
              String hash = key.text("sha256");
              if (!SHA_256.matcher(hash).matches()) {
                throw key.fault("sha256", hash, "64 hexadecimal digits in lower case");
              }
              if (listed.put(hash, payer) != null) {
                throw key.fault("sha256", hash, "a key that no tenant before it has");
              }
              return hash;
            });
    return payer;
  }

  private static TenantPolicy policy(YamlFields fields) {
    TenantPolicy free = TenantPolicy.UNLIMITED;
    return new TenantPolicy(
        integer(fields, "weight", 1, 1000).orElse(free.weight()),
        rate(fields, "tokens_per_second", 1, "burst_tokens"),
        rate(fields, "requests_per_minute", MINUTE, "burst_requests"),
        integer(fields, "max_running_requests", 1, MOST).orElse(free.maxRunning()),
        integer(fields, "max_queued_requests", 0, MOST).orElse(free.maxQueued()),
        integer(fields, "max_queued_tokens", 0, MOST).stream()
            .asLongStream()
            .findFirst()
            .orElse(free.maxQueuedTokens()),
        fields
            .optionalText("max_priority")
            .map(text -> priority(fields, text))
            .orElse(Priority.NORMAL));
  }

  private static OptionalInt integer(YamlFields fields, String key, int least, int most) {
    return fields.has(key) ? OptionalInt.of(fields.integer(key, least, most)) : OptionalInt.empty();
  }

  private static Optional<Rate> rate(
      YamlFields fields, String key, double seconds, String burstKey) {
    OptionalInt rate = integer(fields, key, 1, MOST);
    OptionalInt burst = integer(fields, burstKey, 1, MOST);
    if (rate.isEmpty() && burst.isPresent()) {
      throw fields.fault(burstKey, burst.getAsInt() + " without " + key, "both or none");
    }
    // Left out, the burst is what comes in during the rate's own unit of time.
    return rate.isEmpty()
        ? Optional.empty()
        : Optional.of(new Rate(rate.getAsInt() / seconds, burst.orElse(rate.getAsInt())));
  }

  private static Priority priority(YamlFields fields, String text) {
    return Arrays.stream(Priority.values())
        .filter(each -> each.label().equals(text))
        .findFirst()
        .orElseThrow(() ->
            fields.fault(
                "max_priority",
                text,
                Arrays.stream(Priority.values())
                    .map(Priority::label)
                    .collect(Collectors.joining(", "))));
  }
}
