package dev.baton.router.generation;

import com.google.protobuf.ByteString;
import dev.baton.kv.Lineage;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefixSource;
import dev.baton.proto.internal.v1.Ticket;
import java.util.Optional;

/**
 * What the two workers of a request are asked: the same, under one ticket.
 *
 * @param request with every value chosen
 * @param salt of the tenant
 * @param lineage that both workers must have
 * @param ticket of the handoff between them
 */
record WorkerRequests(SettledRequest request, TenantSalt salt, Lineage lineage, Ticket ticket) {
  /** For the worker that writes the answer. */
  DecodeRequest decode() {
    DecodeRequest.Builder wire =
        DecodeRequest.newBuilder()
            .setRequestId(request.id())
            .setLineage(ByteString.copyFrom(lineage.bytes()))
            .setTenantSalt(ByteString.copyFrom(salt.bytes()))
            .setSampling(request.sampling().toProto())
            .setChoices(request.choices())
            .addAllStopTokenIds(request.stopTokens())
            .setMaxTokens(request.maxTokens())
            .setTicket(ticket);
    request.logprobs().ifPresent(wire::setLogprobs);
    for (int token : request.prompt()) {
      wire.addPromptTokens(token);
    }
    return wire.build();
  }

  /**
   * For the worker that reads the prompt.
   *
   * @param target host:port where the other worker takes the KV in
   * @param source where more of the prefix may be fetched from
   */
  PrefillRequest prefill(String target, Optional<PrefixSource> source) {
    PrefillRequest.Builder wire =
        PrefillRequest.newBuilder()
            .setRequestId(request.id())
            .setLineage(ByteString.copyFrom(lineage.bytes()))
            .setTenantSalt(ByteString.copyFrom(salt.bytes()))
            .setSampling(request.sampling().toProto())
            .setChoices(request.choices())
            .addAllStopTokenIds(request.stopTokens())
            .setMaxTokens(request.maxTokens())
            .setTicket(ticket)
            .setTarget(target);
    source.ifPresent(wire::setPrefixSource);
    request.logprobs().ifPresent(wire::setLogprobs);
    for (int token : request.prompt()) {
      wire.addPromptTokens(token);
    }
    return wire.build();
  }
}
