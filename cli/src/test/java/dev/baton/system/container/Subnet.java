package dev.baton.system.container;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.Network.Ipam;
import java.util.UUID;
import org.testcontainers.containers.Network;

/**
 * A network of the engine that leads nowhere else, in which every container keeps its address for
 * life: as machines do.
 *
 * @param network it
 * @param prefix of addresses, up to their last number
 */
record Subnet(Network network, String prefix) implements AutoCloseable {
  /** A new one. */
  static Subnet create(DockerClient client) {
    String addresses = free(client);
    Network network =
        Network.builder()
            .createNetworkCmdModifier(command ->
                command
                    .withInternal(true)
                    .withLabels(ContainerEngine.label())
                    .withIpam(new Ipam().withConfig(new Ipam.Config().withSubnet(addresses))))
            .build();
    network.getId();
    return new Subnet(network, addresses.substring(0, addresses.lastIndexOf('.') + 1));
  }

  /** Addresses that nobody uses: the engine finds some, but only whoever names them may choose. */
  private static String free(DockerClient client) {
    String id = client.createNetworkCmd().withName("baton-" + UUID.randomUUID()).exec().getId();
    try {
      return client
          .inspectNetworkCmd()
          .withNetworkId(id)
          .exec()
          .getIpam()
          .getConfig()
          .getFirst()
          .getSubnet();
    } finally {
      client.removeNetworkCmd(id).exec();
    }
  }

  /** The address of the container with this number, 2 to 250. */
  String address(int number) {
    return prefix + number;
  }

  @Override
  public void close() {
    network.close();
  }
}
