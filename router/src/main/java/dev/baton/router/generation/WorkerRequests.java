package dev.baton.router.generation;

import com.google.protobuf.ByteString;
import dev.baton.kv.Lineage;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefixSource;
import java.util.Arrays;
import java.util.Optional;

/**
 * What the workers of a leg are asked: the same, under one handoff.
 *
 * @param part to write
 * @param salt of the tenant
 * @param lineage that the workers must have
 */
record WorkerRequests(Part part, TenantSalt salt, Lineage lineage) {
  /** For the worker that writes the answer, and takes the prompt's KV in. */
  DecodeRequest decode(Ticket ticket) {
    return withoutTicket().setTicket(ticket.toProto()).build();
  }

  /** For the worker that writes the answer, and reads the prompt itself. */
  DecodeRequest decodeLocally() {
    return withoutTicket().build();
  }

  private DecodeRequest.Builder withoutTicket() {
    SettledRequest request = part.request();
    DecodeRequest.Builder wire =
        DecodeRequest.newBuilder()
            .setRequestId(request.id())
            .setLineage(ByteString.copyFrom(lineage.bytes()))
            .setTenantSalt(ByteString.copyFrom(salt.bytes()))
            .setSampling(request.sampling().toProto())
            .setChoices(part.count())
            .setFirstChoice(part.first())
            .setResumedTokens(part.delivered().length)
            .addAllStopTokenIds(request.stopTokens())
            .setMaxTokens(part.maxTokens());
    request.logprobs().ifPresent(wire::setLogprobs);
    Arrays.stream(part.prompt()).forEach(wire::addPromptTokens);
    return wire;
  }

  /**
   * For a worker that reads the prompt.
   *
   * @param ticket of this attempt
   * @param target host:port where the other worker takes the KV in
   * @param source where more of the prefix may be fetched from
   */
  PrefillRequest prefill(Ticket ticket, String target, Optional<PrefixSource> source) {
    SettledRequest request = part.request();
    PrefillRequest.Builder wire =
        PrefillRequest.newBuilder()
            .setRequestId(request.id())
            .setLineage(ByteString.copyFrom(lineage.bytes()))
            .setTenantSalt(ByteString.copyFrom(salt.bytes()))
            .setSampling(request.sampling().toProto())
            .setChoices(part.count())
            .setFirstChoice(part.first())
            .setResumedTokens(part.delivered().length)
            .addAllStopTokenIds(request.stopTokens())
            .setMaxTokens(part.maxTokens())
            .setTicket(ticket.toProto())
            .setTarget(target);
    source.ifPresent(wire::setPrefixSource);
    request.logprobs().ifPresent(wire::setLogprobs);
    Arrays.stream(part.prompt()).forEach(wire::addPromptTokens);
    return wire.build();
  }
}
