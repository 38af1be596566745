package dev.baton.router.generation;

import dev.baton.proto.v1.GenerateRequest;
import dev.baton.router.tenant.Tenant;
import java.time.Duration;
import java.util.Optional;

/**
 * A request as it came through a door.
 *
 * @param id in logs of every process: the client's own where that is valid, else a fresh one
 * @param asked what the client wants, not yet checked; its strings are well-formed Unicode
 * @param tenant whose it is
 * @param door through which it came: {@code grpc}, {@code chat} or {@code completions}
 * @param timeLimit how long the client waits; the router's own limit may be shorter
 */
public record GenerationRequest(
    String id, GenerateRequest asked, Tenant tenant, String door, Optional<Duration> timeLimit) {

  /** With the id that the client asked for, or a fresh one. */
  public static GenerationRequest of(
      GenerateRequest asked, Tenant tenant, String door, Optional<Duration> timeLimit) {
    String id = asked.getRequestId();
    return new GenerationRequest(
        RequestIds.valid(id) ? id : RequestIds.fresh(), asked, tenant, door, timeLimit);
  }
}
