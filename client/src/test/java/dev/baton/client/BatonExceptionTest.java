package dev.baton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import dev.baton.proto.v1.ErrorDetail;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(30)
class BatonExceptionTest {
  @Test
  void detailOfTheRouterArrivesWhole() throws Exception {
    StatusRuntimeException sent =
        withDetail(
            Code.RESOURCE_EXHAUSTED,
            "every queue is full",
            ErrorDetail.newBuilder()
                .setCode(dev.baton.proto.v1.ErrorCode.ERROR_CODE_OVERLOADED)
                .setField("sampling.top_p")
                .setValue("7")
                .setExpected("(0, 1]")
                .setRequestId("r9")
                .setRetryAfterMs(1500)
                .build());

    BatonException failure = failureOf(sent);

    assertThat(failure).hasMessage("every queue is full");
    assertThat(failure.code()).isEqualTo(ErrorCode.OVERLOADED);
    assertThat(failure.field()).isEqualTo("sampling.top_p");
    assertThat(failure.value()).isEqualTo("7");
    assertThat(failure.expected()).isEqualTo("(0, 1]");
    assertThat(failure.requestId()).isEqualTo("r9");
    assertThat(failure.retryAfter()).contains(Duration.ofMillis(1500));
    assertThat(failure.isRetryable()).isTrue();
  }

  static Stream<dev.baton.proto.v1.ErrorCode> codesOnTheWire() {
    return Arrays.stream(dev.baton.proto.v1.ErrorCode.values())
        .filter(code -> code != dev.baton.proto.v1.ErrorCode.UNRECOGNIZED)
        .filter(code -> code != dev.baton.proto.v1.ErrorCode.ERROR_CODE_UNSPECIFIED);
  }

  @ParameterizedTest
  @MethodSource("codesOnTheWire")
  void everyCodeOnTheWireHasItsNamesake(dev.baton.proto.v1.ErrorCode wire) {
    assertThat("ERROR_CODE_" + ErrorCode.of(wire, Status.Code.INTERNAL).name())
        .isEqualTo(wire.name());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "RESOURCE_EXHAUSTED"})
  void statusWithoutDetailStillHasACode(Status.Code status) throws Exception {
    BatonException failure = failureOf(status.toStatus().asRuntimeException());

    assertThat(failure.code()).isEqualTo(ErrorCode.of(status));
    assertThat(failure.code()).isNotEqualTo(ErrorCode.INTERNAL);
    assertThat(failure.requestId()).isEmpty();
    assertThat(failure.retryAfter()).isEmpty();
  }

  @Test
  void endpointWhereNobodyListensIsUnreachable() {
    try (BatonClient client = BatonClient.connect("127.0.0.1:1")) {
      BatonException failure = catchThrowableOfType(BatonException.class, client::models);
      assertThat(failure.code()).isEqualTo(ErrorCode.UNREACHABLE);
      assertThat(failure).hasMessageContaining("cannot be reached").hasMessageContaining(":1");
    }
  }

  private static BatonException failureOf(StatusRuntimeException sent) throws Exception {
    try (FakeRouter router = new FakeRouter();
        BatonClient client = router.client()) {
      router.answers(List.of(), end -> end.onError(sent));
      return catchThrowableOfType(
          BatonException.class, () -> client.generate(GenerationRequest.text("x").build()));
    }
  }

  private static StatusRuntimeException withDetail(Code code, String message, ErrorDetail detail) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code.getNumber())
            .setMessage(message)
            .addDetails(Any.pack(detail))
            .build());
  }
}
