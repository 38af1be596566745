package dev.baton.system.container;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Network;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.builder.ImageFromDockerfile;

/**
 * The Docker engine that the tests use. Where none answers {@link NeedsContainerEngine} skips them
 * and says why; with the environment's {@value #WISH} "required", as in CI, they fail.
 *
 * <p>Whatever a test makes in it bears {@link #label()}: what a killed run left is removed by the
 * next one.
 */
final class ContainerEngine {
  private static final String WISH = "BATON_CONTAINER_TESTS";
  private static final String OWNER = "dev.baton.test.owner";

  /** What build-tools/container-engine makes where no registry is reached. */
  private static final Map<String, String> MADE =
      Map.of("BASE", "baton-test-base", "JDK", "baton-test-jdk");

  private ContainerEngine() {}

  /** Why no test can use it; empty where one can, or where that it cannot is a failure. */
  static Optional<String> reasonToSkip() {
    return switch (Optional.ofNullable(System.getenv(WISH)).orElse("")) {
      case "required" -> Optional.empty();
      case "skipped" -> Optional.of("./verify could not prepare a Docker engine, and said why");
      default -> absence();
    };
  }

  private static Optional<String> absence() {
    try {
      var _ = DockerClientFactory.instance().client();
      return Optional.empty();
    } catch (IllegalStateException none) {
      return Optional.of(
          "no Docker engine answers; start one, or run ./verify as root on Debian or Ubuntu: "
              + none.getMessage());
    }
  }

  /**
   * Its client; what killed runs left in it is gone.
   *
   * @throws IllegalStateException if none answers
   */
  static DockerClient connect() {
    DockerClient client = DockerClientFactory.instance().client();
    removeLeftOvers(client);
    return client;
  }

  /** What this run's containers and networks bear. */
  static Map<String, String> label() {
    return Map.of(OWNER, Long.toString(ProcessHandle.current().pid()));
  }

  private static void removeLeftOvers(DockerClient client) {
    for (Container each : containers(client)) {
      if (isLeftOver(each.getLabels())) {
        client.removeContainerCmd(each.getId()).withForce(true).withRemoveVolumes(true).exec();
      }
    }
    for (Network each : networks(client)) {
      if (isLeftOver(each.getLabels())) {
        client.removeNetworkCmd(each.getId()).exec();
      }
    }
  }

  private static boolean isLeftOver(Map<String, String> labels) {
    return ProcessHandle.of(Long.parseLong(labels.get(OWNER))).isEmpty();
  }

  private static List<Container> containers(DockerClient client) {
    return client.listContainersCmd().withShowAll(true).withLabelFilter(List.of(OWNER)).exec();
  }

  private static List<Network> networks(DockerClient client) {
    return client.listNetworksCmd().withFilter("label", List.of(OWNER)).exec();
  }

  /** Names of what this run has in the engine now. */
  static List<String> ofThisRun(DockerClient client) {
    return Stream.concat(
            containers(client).stream()
                .filter(each -> isOurs(each.getLabels()))
                .map(each -> String.join(",", each.getNames())),
            networks(client).stream()
                .filter(each -> isOurs(each.getLabels()))
                .map(Network::getName))
        .toList();
  }

  private static boolean isOurs(Map<String, String> labels) {
    return labels.entrySet().containsAll(label().entrySet());
  }

  /** Baton's image, of deploy/Dockerfile and of the program as it was packaged. */
  static ImageFromDockerfile image(DockerClient client, Path root) {
    ImageFromDockerfile image = new ImageFromDockerfile();
    for (String each :
        List.of(
            "cli/target/lib",
            "cli/target/cli-0.1.0.jar",
            "cli/src/main/resources/dev/baton/cli/local/engine.flags",
            "deploy/baton",
            "deploy/healthy")) {
      image.withFileFromPath(each, root.resolve(each));
    }
    image.withFileFromPath("Dockerfile", root.resolve("deploy/Dockerfile"));
    if (MADE.values().stream().allMatch(each -> has(client, each))) {
      image.withBuildArgs(MADE);
    }
    return image;
  }

  /** Removes what {@link #image} made, if it was made; the engine keeps the steps to it. */
  static void remove(DockerClient client, ImageFromDockerfile image) {
    if (has(client, image.getDockerImageName())) {
      client.removeImageCmd(image.getDockerImageName()).withForce(true).exec();
    }
  }

  private static boolean has(DockerClient client, String image) {
    try {
      client.inspectImageCmd(image).exec();
      return true;
    } catch (NotFoundException none) {
      return false;
    }
  }
}
