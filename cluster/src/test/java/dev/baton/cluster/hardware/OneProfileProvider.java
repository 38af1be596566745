package dev.baton.cluster.hardware;

import java.util.List;

/** A provider as a user would write one. */
public final class OneProfileProvider implements ProfileProvider {
  @Override
  public List<HardwareProfile> profiles() {
    return ProfileYaml.parse(
        "provider",
        """
        profiles:
          - name: of-a-provider
            description: a chip of a user
            compute: {fp16: 1 TFLOP/s}
            memory: {capacity: 1 GB, bandwidth: 1 GB/s}
            network: {bandwidth: 1 GB/s, latency: 1 ms}
            price: 123 USD/h
            efficiency: {compute: 1, memory: 1, link: 1}
            overhead: {step: 1 ms, sequence: 1 us}
        """);
  }
}
