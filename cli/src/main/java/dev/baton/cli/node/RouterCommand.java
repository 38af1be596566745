package dev.baton.cli.node;

import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Units;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.router.Router;
import dev.baton.router.RouterConfig;
import dev.baton.router.generation.RecoveryLimits;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton router}. */
@Command(
    name = "router",
    mixinStandardHelpOptions = true,
    description = {
      "A router: the OpenAI HTTP door and the gRPC door of a cluster.",
      "Finds workers through ZooKeeper; they may come and go."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  baton router --model ~/models/llama --zookeeper 127.0.0.1:2181 --http-port 8080",
      "  curl http://127.0.0.1:8080/v1/models"
    })
public final class RouterCommand implements Callable<Integer> {
  private static final String ROLE = "router";

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private MemberOptions member = new MemberOptions();
  @Mixin private TenantSecret tenantSecret = new TenantSecret();
  @Mixin private AdmissionOptions admission = new AdmissionOptions();
  @Mixin private PlacementOptions placement = new PlacementOptions();
  @Mixin private LifeOptions life = new LifeOptions();

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description =
          "Port of the OpenAI API, /metrics, /healthz, /readyz; 0 picks a free one. Default:"
              + " ${DEFAULT-VALUE}.")
  private int httpPort;

  @Option(
      names = "--grpc-port",
      paramLabel = "PORT",
      defaultValue = "7070",
      description = "Port of the gRPC API; 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  private int grpcPort;

  @Option(
      names = "--default-max-tokens",
      paramLabel = "N",
      defaultValue = "1024",
      description =
          "Length of an answer where a request says nothing, cut to the context. Default:"
              + " ${DEFAULT-VALUE}.")
  private int defaultMaxTokens;

  @Option(
      names = "--request-deadline",
      paramLabel = "TIME",
      defaultValue = "10m",
      converter = Units.Durations.class,
      description = "Longest time of one request. Default: ${DEFAULT-VALUE}.")
  private Duration requestDeadline = Duration.ZERO;

  @Option(
      names = "--max-attempts",
      paramLabel = "N",
      defaultValue = "16",
      description = {
        "Most attempts in a row at one answer that deliver no token, the first included; 1: a lost"
            + " worker fails its requests. Default: ${DEFAULT-VALUE}."
      })
  private int maxAttempts;

  @Option(
      names = "--recovery-patience",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = Units.Durations.class,
      description = {
        "How long a request that lost a worker waits for one that could go on with it."
            + " Default: ${DEFAULT-VALUE}."
      })
  private Duration recoveryPatience = Duration.ZERO;

  @Option(
      names = "--max-body",
      paramLabel = "SIZE",
      defaultValue = "8m",
      converter = Units.Sizes.class,
      description = "Longest body of an HTTP request. Default: ${DEFAULT-VALUE}.")
  private long maxBody;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    life.begin();
    RouterConfig config = ConfigCheck.check(spec.commandLine(), this::config);
    ProcessLogging.start(ROLE, config.id(), member.logLevel());
    Router router = Router.start(config);
    router.onDrainOrder(LifeOptions::end);
    Map<String, String> endpoints = new LinkedHashMap<>();
    endpoints.put("http", config.host() + ":" + router.httpPort());
    endpoints.put("grpc", config.host() + ":" + router.grpcPort());
    endpoints.put("admin", "http://" + config.host() + ":" + router.httpPort());
    life.serve(router, ReadyLine.ofThisProcess(ROLE, config.id(), endpoints), member.drainLimit());
    return 0;
  }

  private RouterConfig config() {
    return new RouterConfig(
        member.id(ROLE),
        model.directory(),
        model.name(),
        member.zookeeper(),
        member.host(),
        httpPort,
        grpcPort,
        defaultMaxTokens,
        requestDeadline,
        member.stallLimit(),
        tenantSecret.value(),
        admission.limits(),
        admission.tenants(),
        (int) Math.min(maxBody, Integer.MAX_VALUE),
        member.drainLimit(),
        placement.policy(),
        placement.objective(),
        new RecoveryLimits(maxAttempts, recoveryPatience));
  }
}
