package dev.baton.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClusterPlanTest {
  @Test
  void everyWorkerIsToldTheFurtherArgumentsAfterItsOwn() {
    ClusterPlan plan =
        ClusterPlan.of(
                Path.of("/model"),
                1,
                2,
                0,
                0,
                Optional.of(Path.of("/disk")),
                ClusterPlan.DEFAULT_START_LIMIT)
            .withWorkerArguments(List.of("--weights-cache", "off"));
    assertThat(plan.workers().stream().map(each -> each.command(List.of("--shared"))))
        .containsExactly(
            List.of(
                "worker",
                "prefill",
                "--id",
                "prefill-1",
                "--shared",
                "--disk-tier",
                "/disk/prefill-1",
                "--weights-cache",
                "off"),
            List.of("worker", "decode", "--id", "decode-1", "--shared", "--weights-cache", "off"),
            List.of("worker", "decode", "--id", "decode-2", "--shared", "--weights-cache", "off"));
  }
}
