package dev.baton.cluster.error;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import dev.baton.proto.internal.v1.HandoffRefusal;
import dev.baton.proto.internal.v1.RefusalReason;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.ErrorDetail;
import dev.baton.proto.v1.OverloadReason;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.MethodSource;

class BatonExceptionTest {
  private static Stream<BatonException> oneOfEachKind() {
    return Stream.of(
        BatonException.invalid("sampling.temperature", 3.5, "a number from 0 to 2"),
        BatonException.unsupported("logit_bias", "{}", "no such field"),
        BatonException.modelNotFound("gpt", List.of("b", "a")),
        BatonException.modelNotFound("gpt", List.of()),
        BatonException.contextLength("messages", 9000, 8192),
        BatonException.noWorker("decode", "tiny"),
        BatonException.overloaded("the queue of prefill worker p-1", Duration.ofMillis(250)),
        BatonException.overloaded("the queue", Duration.ZERO),
        BatonException.overloaded(
            OverloadReason.OVERLOAD_REASON_RATE_LIMIT, "too much", Duration.ofSeconds(3)),
        BatonException.deadline(),
        BatonException.deadline("while it waited for blocks"),
        BatonException.stalled("d-1", Duration.ofSeconds(30)),
        BatonException.workerLost("d-1", "connection reset"),
        BatonException.handoffRefused("checksum"),
        BatonException.cancelled(),
        BatonException.draining(),
        BatonException.internal("a block was counted twice"));
  }

  @ParameterizedTest
  @MethodSource("oneOfEachKind")
  void toStatusAndBackIsTheSame(BatonException thrown) {
    BatonException back = BatonException.from(thrown.toStatus("r-7"));

    assertThat(back.getMessage()).isEqualTo(thrown.getMessage());
    assertThat(back.toDetail("r-7")).isEqualTo(thrown.toDetail("r-7"));
    assertThat(back.retryAfterMs()).isEqualTo(thrown.retryAfterMs());
    assertThat(back.reason()).isEqualTo(thrown.reason());
    assertThat(back.isRetryable()).isEqualTo(thrown.isRetryable());
  }

  @Test
  void everyCodeHasAFactory() {
    Set<ErrorCode> made = EnumSet.noneOf(ErrorCode.class);
    oneOfEachKind().forEach(each -> made.add(each.code()));

    assertThat(made)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(ErrorCode.values())
                .filter(c -> c != ErrorCode.ERROR_CODE_UNSPECIFIED && c != ErrorCode.UNRECOGNIZED)
                .toList());
  }

  @ParameterizedTest
  @EnumSource(
      names = {"ERROR_CODE_UNSPECIFIED", "UNRECOGNIZED"},
      mode = Mode.EXCLUDE)
  void everyCodeHasAStatusOfItsOwnAndComesBack(ErrorCode code) {
    ErrorDetail detail =
        ErrorDetail.newBuilder()
            .setCode(code)
            .setField("f")
            .setValue("v")
            .setExpected("e")
            .setRetryAfterMs(7)
            .build();
    StatusRuntimeException status = new BatonException("m", detail, null).toStatus("");

    assertThat(status.getStatus().getCode()).isNotIn(Status.Code.OK, Status.Code.UNKNOWN);
    assertThat(BatonException.from(status).toDetail("")).isEqualTo(detail);
  }

  @Test
  void statusCarriesDetailAndRequestId() throws Exception {
    StatusRuntimeException status = BatonException.invalid("n", -1, "1 to 16").toStatus("r-7");

    assertThat(status.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    ErrorDetail detail = StatusProto.fromThrowable(status).getDetails(0).unpack(ErrorDetail.class);
    assertThat(detail)
        .isEqualTo(
            ErrorDetail.newBuilder()
                .setCode(ErrorCode.ERROR_CODE_INVALID_ARGUMENT)
                .setField("n")
                .setValue("-1")
                .setExpected("1 to 16")
                .setRequestId("r-7")
                .build());
    assertThat(status.getStatus().getDescription())
        .isEqualTo("n: -1 is not allowed; expected 1 to 16");
  }

  @Test
  void longValuesAreCutSoThatTheWireStaysSmall() {
    BatonException thrown = BatonException.invalid("stop", "x".repeat(1_000_000), "shorter");

    assertThat(thrown.value()).hasSize(BatonException.LONGEST_VALUE);
    assertThat(thrown.getMessage().length()).isLessThan(300);
  }

  @Test
  void wrappersAreTakenOff() {
    BatonException inner = BatonException.draining();

    assertThat(BatonException.from(new CompletionException(new ExecutionException(inner))))
        .isSameAs(inner);
    assertThat(BatonException.from(new ExecutionException(inner.toStatus(""))).code())
        .isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
  }

  @Test
  void endsOfWaitingHaveTheirKinds() {
    assertThat(BatonException.from(new TimeoutException()).code())
        .isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    assertThat(BatonException.from(new InterruptedException()).code())
        .isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(BatonException.from(new CancellationException()).code())
        .isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
  }

  @ParameterizedTest
  @EnumSource(value = Status.Code.class, names = "OK", mode = Mode.EXCLUDE)
  void anyStatusWithoutDetailsHasAKind(Status.Code code) {
    ErrorCode kind =
        BatonException.from(Status.fromCode(code).withDescription("d").asRuntimeException()).code();

    assertThat(kind)
        .isEqualTo(
            switch (code) {
              case CANCELLED -> ErrorCode.ERROR_CODE_CANCELLED;
              case DEADLINE_EXCEEDED -> ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED;
              case UNAVAILABLE -> ErrorCode.ERROR_CODE_WORKER_LOST;
              case RESOURCE_EXHAUSTED -> ErrorCode.ERROR_CODE_OVERLOADED;
              case UNIMPLEMENTED -> ErrorCode.ERROR_CODE_UNSUPPORTED;
              case INVALID_ARGUMENT, OUT_OF_RANGE -> ErrorCode.ERROR_CODE_INVALID_ARGUMENT;
              default -> ErrorCode.ERROR_CODE_INTERNAL;
            });
  }

  @Test
  void messageLargerThanTheLimitIsTheSendersFault() {
    BatonException why =
        BatonException.from(
            Status.RESOURCE_EXHAUSTED
                .withDescription("gRPC message exceeds maximum size 4: 5")
                .asRuntimeException());

    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(why.isRetryable()).isFalse();
  }

  @Test
  void refusedHandoffKeepsItsReason() {
    StatusRuntimeException refusal =
        StatusProto.toStatusRuntimeException(
            com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.FAILED_PRECONDITION.value())
                .addDetails(
                    Any.pack(
                        HandoffRefusal.newBuilder()
                            .setReason(RefusalReason.REFUSAL_REASON_CHECKSUM)
                            .setDetail("block 3, layer 1")
                            .build()))
                .build());

    BatonException why = BatonException.from(refusal);

    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    assertThat(why).hasMessageContaining("CHECKSUM").hasMessageContaining("block 3, layer 1");
  }

  @Test
  void detailsThatDoNotParseAreNoDetails() {
    StatusRuntimeException garbage =
        StatusProto.toStatusRuntimeException(
            com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.UNAVAILABLE.value())
                .addDetails(
                    Any.pack(ErrorDetail.getDefaultInstance()).toBuilder()
                        .setValue(com.google.protobuf.ByteString.copyFrom(new byte[] {-1, -1, -1})))
                .build());

    assertThat(BatonException.from(garbage).code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
  }

  @Test
  void unknownThrowableTellsNothing() {
    StatusRuntimeException status =
        BatonException.from(new IllegalStateException("password=hunter2 at /etc/secret"))
            .toStatus("r");

    assertThat(status.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
    assertThat(status.toString() + StatusProto.fromThrowable(status))
        .doesNotContain("hunter2")
        .doesNotContain("IllegalState")
        .doesNotContain("\tat ");
  }
}
