package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.baton.proto.internal.v1.HandoffRefusal;
import dev.baton.proto.internal.v1.RefusalReason;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import org.junit.jupiter.api.Test;

class HandoffExceptionTest {
  @Test
  void everyRefusalSurvivesTheWire() {
    for (Refusal refusal : Refusal.values()) {
      HandoffException sent = HandoffException.refused(refusal, "field: 1, expected 2");
      HandoffException read = HandoffException.from(sent.toStatus());
      assertThat(read.code()).isEqualTo(HandoffException.Code.REFUSED);
      assertThat(read.refusal()).contains(refusal);
      assertThat(read).hasMessage("field: 1, expected 2");
    }
  }

  @Test
  void everyReasonOfTheWireHasARefusal() {
    for (RefusalReason reason : RefusalReason.values()) {
      boolean named =
          reason != RefusalReason.REFUSAL_REASON_UNSPECIFIED
              && reason != RefusalReason.UNRECOGNIZED;
      assertThat(Refusal.of(reason).isPresent()).as("%s", reason).isEqualTo(named);
    }
  }

  @Test
  void everyCodeSurvivesTheWire() {
    assertSurvives(HandoffException.stalled("silence"));
    assertSurvives(HandoffException.lost("broken", null));
    assertSurvives(HandoffException.cancelled("enough", null));
    assertSurvives(HandoffException.from(Status.DEADLINE_EXCEEDED.asException()));
  }

  private static void assertSurvives(HandoffException sent) {
    HandoffException read = HandoffException.from(sent.toStatus());
    assertThat(read.code()).isEqualTo(sent.code());
    assertThat(read.refusal()).isEmpty();
    assertThat(read).hasMessage(sent.getMessage());
  }

  @Test
  void statusCodesTellTheKindOfRefusal() {
    assertStatus(Refusal.CHECKSUM, Status.Code.DATA_LOSS);
    assertStatus(Refusal.FRAME, Status.Code.INVALID_ARGUMENT);
    assertStatus(Refusal.PROTOCOL, Status.Code.INVALID_ARGUMENT);
    assertStatus(Refusal.UNKNOWN_TICKET, Status.Code.NOT_FOUND);
    assertStatus(Refusal.GENERATION, Status.Code.FAILED_PRECONDITION);
  }

  private static void assertStatus(Refusal refusal, Status.Code code) {
    assertThat(HandoffException.refused(refusal, "").toStatus().getStatus().getCode())
        .isEqualTo(code);
  }

  @Test
  void whateverCannotBeReadIsLost() {
    for (Status.Code code : Status.Code.values()) {
      HandoffException read = HandoffException.from(code.toStatus().asRuntimeException());
      assertThat(read.code())
          .isEqualTo(
              switch (code) {
                case CANCELLED -> HandoffException.Code.CANCELLED;
                case DEADLINE_EXCEEDED -> HandoffException.Code.DEADLINE_EXCEEDED;
                case ABORTED -> HandoffException.Code.STALLED;
                default -> HandoffException.Code.LOST;
              });
      assertThat(read.getMessage()).isNotEmpty();
    }
    assertThat(HandoffException.from(new IllegalStateException("boom")).code())
        .isEqualTo(HandoffException.Code.LOST);
    Any torn =
        Any.pack(HandoffRefusal.getDefaultInstance()).toBuilder()
            .setValue(ByteString.copyFrom(new byte[] {10, 99}))
            .build();
    assertThat(
            HandoffException.from(
                    StatusProto.toStatusRuntimeException(
                        com.google.rpc.Status.newBuilder().setCode(9).addDetails(torn).build()))
                .code())
        .isEqualTo(HandoffException.Code.LOST);
  }

  @Test
  void aHandoffExceptionIsReadAsItself() {
    HandoffException failure = HandoffException.stalled("silence");
    assertThat(HandoffException.from(failure)).isSameAs(failure);
  }
}
