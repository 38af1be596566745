package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.baton.cluster.error.BatonException;
import dev.baton.engine.sampling.Choices;
import dev.baton.kv.KeyChain;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.v1.ErrorCode;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RequestCheckTest {
  private static final ChainEngine ENGINE = new ChainEngine();
  private static final RequestCheck CHECK = RequestCheck.of(ENGINE, 1000, epoch -> epoch == 5);

  @Test
  void goodRequestBecomesATask() {
    DecodeTask task = CHECK.check(good().setLogprobs(0).build());

    assertThat(task.prompt()).containsExactly(1, 2, 49);
    assertThat(task.promptKeys())
        .isEqualTo(
            new KeyChain(ENGINE.lineage(), TenantSalt.of(new byte[32]), 16)
                .keys(new int[] {1, 2, 49}));
    assertThat(task.sampling()).isEqualTo(Sampling.greedy());
    assertThat(task.choices()).isEqualTo(new Choices(0, 2, 0));
    assertThat(task.stopTokens()).containsExactly(49);
    assertThat(task.topLogprobs()).isZero();
    assertThat(task.ticket()).contains(new Ticket(-1, 5, 1));
    assertThat(task.plan()).isEqualTo(new BlockPlan(1, 0, 1, 2));
    assertThat(CHECK.check(good().build()).topLogprobs()).isEqualTo(-1);
  }

  @Test
  void answerIsCutToWhatTheContextLeaves() {
    DecodeTask task = CHECK.check(good().setChoices(1).setMaxTokens(-1).build());

    assertThat(task.maxTokens()).isEqualTo(ChainEngine.CONTEXT - 3);
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        row("request_id", r -> r.setRequestId("")),
        row("lineage", r -> r.setLineage(ByteString.copyFrom(new byte[32]))),
        row("tenant_salt", r -> r.setTenantSalt(ByteString.copyFrom(new byte[33]))),
        row("prompt_tokens", r -> r.clearPromptTokens()),
        row("prompt_tokens[1]", r -> r.setPromptTokens(1, 50)),
        row("prompt_tokens[2]", r -> r.setPromptTokens(2, -1)),
        row("sampling.temperature", r -> r.clearSampling()),
        row("sampling", r -> r.setSampling(r.getSampling().toBuilder().setMinP(-0.1))),
        row("choices", r -> r.setChoices(0)),
        row("choices", r -> r.setChoices(17)),
        row("first_choice", r -> r.setFirstChoice(16)),
        row("resumed_tokens", r -> r.setResumedTokens(r.getPromptTokensCount())),
        row("stop_token_ids[1]", r -> r.addStopTokenIds(50)),
        row("max_tokens", r -> r.setMaxTokens(0)),
        row("max_tokens", r -> r.setChoices(16).setMaxTokens(1200)),
        row("logprobs", r -> r.setLogprobs(21)),
        row("ticket.generation", r -> r.setTicket(r.getTicket().toBuilder().setGeneration(0))));
  }

  private static Arguments row(String field, UnaryOperator<DecodeRequest.Builder> change) {
    return Arguments.of(field, change);
  }

  @ParameterizedTest(name = "{index}: {0}")
  @MethodSource("wrong")
  void wrongFieldIsNamed(String field, UnaryOperator<DecodeRequest.Builder> change) {
    assertThatThrownBy(() -> CHECK.check(change.apply(good()).build()))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
              assertThat(e.field()).isEqualTo(field);
              assertThat(e.expected()).isNotEmpty();
            });
  }

  @Test
  void promptThatFillsTheContextLeavesNoPlaceForAnAnswer() {
    DecodeRequest full =
        good()
            .clearPromptTokens()
            .addAllPromptTokens(Collections.nCopies(ChainEngine.CONTEXT, 1))
            .build();

    assertThatThrownBy(() -> CHECK.check(full))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_CONTEXT_LENGTH_EXCEEDED));
  }

  private static DecodeRequest.Builder good() {
    return DecodeRequest.newBuilder()
        .setRequestId("chat-1.a_B")
        .setLineage(ByteString.copyFrom(ENGINE.lineage().bytes()))
        .setTenantSalt(ByteString.copyFrom(new byte[32]))
        .addAllPromptTokens(List.of(1, 2, 49))
        .setSampling(Sampling.greedy().toProto())
        .setChoices(2)
        .addStopTokenIds(49)
        .setMaxTokens(14)
        .setTicket(
            dev.baton.proto.internal.v1.Ticket.newBuilder()
                .setHandoffId(-1)
                .setReceiverEpoch(5)
                .setGeneration(1));
  }
}
