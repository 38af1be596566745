package dev.baton.cluster.membership;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.baton.proto.internal.v1.WorkerRegistration;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PayloadTest {
  @Test
  void payloadIsOneLineOfJsonThatReadsBack() {
    byte[] bytes = Payload.write(Workers.decode("d-1"));

    assertThat(new String(bytes, UTF_8))
        .isEqualTo(
            "{\"id\":\"d-1\",\"role\":\"WORKER_ROLE_DECODE\",\"pool\":\"default\","
                + "\"controlEndpoint\":\"127.0.0.1:7001\",\"kvEndpoint\":\"127.0.0.1:7002\","
                + "\"pid\":\"4711\",\"host\":\"test-host\",\"blocks\":64}");
    assertThat(Payload.read("d-1", bytes)).isEqualTo(Workers.decode("d-1"));
  }

  @Test
  void exampleInTheDocumentationIsAPayloadWithEveryField() throws Exception {
    String page = Files.readString(Path.of("..", "docs", "zookeeper.md"));
    int from = page.indexOf("```json") + 7;
    String example = page.substring(from, page.indexOf("```", from));
    WorkerRegistration.Builder strict = WorkerRegistration.newBuilder();
    JsonFormat.parser().merge(example, strict);

    WorkerRegistration read = Payload.read("d-1", example.getBytes(UTF_8));

    assertThat(read).isEqualTo(strict.build());
    assertThat(read.getAllFields().keySet())
        .containsExactlyInAnyOrderElementsOf(WorkerRegistration.getDescriptor().getFields());
  }
}
