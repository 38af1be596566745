package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.baton.cluster.error.BatonException;
import dev.baton.engine.sampling.Choices;
import dev.baton.kv.KeyChain;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.PrefillRequest;
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
  private static final RequestCheck CHECK = RequestCheck.of(ENGINE, 8);

  @Test
  void goodRequestBecomesATask() {
    PrefillTask task = CHECK.check(good().setLogprobs(0).build());

    assertThat(task.tokens()).containsExactly(1, 2, 49);
    assertThat(task.keys())
        .isEqualTo(
            new KeyChain(ENGINE.lineage(), TenantSalt.of(new byte[32]), 16)
                .keys(new int[] {1, 2, 49}));
    assertThat(task.sampling()).isEqualTo(Sampling.greedy());
    assertThat(task.choices()).isEqualTo(new Choices(0, 16, 0));
    assertThat(task.topLogprobs()).isZero();
    assertThat(task.ticket()).isEqualTo(new Ticket(-1, 5, 1));
    assertThat(task.target()).isEqualTo("127.0.0.1:7000");
    assertThat(CHECK.check(good().build()).topLogprobs()).isEqualTo(-1);
  }

  private static dev.baton.proto.internal.v1.PrefixSource source(String endpoint, int blocks) {
    return dev.baton.proto.internal.v1.PrefixSource.newBuilder()
        .setKvEndpoint(endpoint)
        .setEpoch(3)
        .setBlocks(blocks)
        .build();
  }

  @Test
  void sourceOfAPrefixIsOptional() {
    assertThat(CHECK.check(good().build()).source()).isEmpty();
    assertThat(CHECK.check(good().setPrefixSource(source("127.0.0.1:7001", 4)).build()).source())
        .contains(new PrefixSource(new KvPuller.Source("127.0.0.1:7001", 3), 4));
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        row("request_id", r -> r.setRequestId("")),
        row("request_id", r -> r.setRequestId("a b")),
        row("request_id", r -> r.setRequestId("x".repeat(65))),
        row("lineage", r -> r.setLineage(ByteString.EMPTY)),
        row("lineage", r -> r.setLineage(ByteString.copyFrom(new byte[32]))),
        row("tenant_salt", r -> r.setTenantSalt(ByteString.copyFrom(new byte[31]))),
        row("prompt_tokens", r -> r.clearPromptTokens()),
        row("prompt_tokens[1]", r -> r.setPromptTokens(1, 50)),
        row("prompt_tokens[2]", r -> r.setPromptTokens(2, -1)),
        row("prompt_tokens", r -> r.addAllPromptTokens(Collections.nCopies(16 * 8, 1))),
        row("sampling.seed", r -> r.setSampling(r.getSampling().toBuilder().clearSeed())),
        row("sampling", r -> r.setSampling(r.getSampling().toBuilder().setTemperature(2.1))),
        row("sampling", r -> r.setSampling(r.getSampling().toBuilder().setTopP(Double.NaN))),
        row("sampling", r -> r.setSampling(r.getSampling().toBuilder().setTopK(-1))),
        row("prefix_source.kv_endpoint", r -> r.setPrefixSource(source("nowhere", 1))),
        row("prefix_source.blocks", r -> r.setPrefixSource(source("127.0.0.1:7001", 0))),
        row("choices", r -> r.setChoices(0)),
        row("choices", r -> r.setChoices(17)),
        row("first_choice", r -> r.setFirstChoice(16)),
        row("resumed_tokens", r -> r.setResumedTokens(r.getPromptTokensCount())),
        row("stop_token_ids[1]", r -> r.addStopTokenIds(50)),
        row("max_tokens", r -> r.setMaxTokens(0)),
        row("logprobs", r -> r.setLogprobs(21)),
        row("ticket", r -> r.clearTicket()),
        row("ticket.generation", r -> r.setTicket(r.getTicket().toBuilder().setGeneration(0))),
        row("target", r -> r.setTarget("")),
        row("target", r -> r.setTarget("localhost")),
        row("target", r -> r.setTarget("localhost:0")),
        row("target", r -> r.setTarget("localhost:65536")));
  }

  private static Arguments row(String field, UnaryOperator<PrefillRequest.Builder> change) {
    return Arguments.of(field, change);
  }

  @ParameterizedTest(name = "{index}: {0}")
  @MethodSource("wrong")
  void wrongFieldIsNamed(String field, UnaryOperator<PrefillRequest.Builder> change) {
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
    PrefillRequest full =
        good()
            .clearPromptTokens()
            .addAllPromptTokens(Collections.nCopies(ChainEngine.CONTEXT, 1))
            .build();

    assertThatThrownBy(() -> CHECK.check(full))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_CONTEXT_LENGTH_EXCEEDED));
  }

  @Test
  void promptThatNeverFitsThePoolIsToldTheNumbers() {
    PrefillRequest large =
        good().clearPromptTokens().addAllPromptTokens(Collections.nCopies(129, 1)).build();

    assertThatThrownBy(() -> CHECK.check(large))
        .hasMessageContainingAll("129 tokens", "9 blocks", "at most 8 blocks of 16 tokens");
  }

  private static PrefillRequest.Builder good() {
    return PrefillRequest.newBuilder()
        .setRequestId("chat-1.a_B")
        .setLineage(ByteString.copyFrom(ENGINE.lineage().bytes()))
        .setTenantSalt(ByteString.copyFrom(new byte[32]))
        .addAllPromptTokens(List.of(1, 2, 49))
        .setSampling(Sampling.greedy().toProto())
        .setChoices(16)
        .addStopTokenIds(49)
        .setMaxTokens(-1)
        .setTicket(
            dev.baton.proto.internal.v1.Ticket.newBuilder()
                .setHandoffId(-1)
                .setReceiverEpoch(5)
                .setGeneration(1))
        .setTarget("127.0.0.1:7000");
  }
}
