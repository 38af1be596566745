package dev.baton.cluster.membership;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import dev.baton.cluster.Endpoint;
import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.RouterRegistration;
import dev.baton.proto.internal.v1.WorkerRegistration;
import java.util.Optional;

/**
 * What stands in a member's node: its registration as proto3 JSON. Fields that this version does
 * not know are passed over, so that newer members can join.
 */
final class Payload {
  /** Where workers stand; one node each, named by id. */
  static final String WORKERS = "/baton/workers";

  /** Where routers stand; one node each, named by id. */
  static final String ROUTERS = "/baton/routers";

  private static final String ID = "[A-Za-z0-9._-]{1,64}";

  private Payload() {}

  static String path(String id) {
    return WORKERS + "/" + id;
  }

  static String routerPath(String id) {
    return ROUTERS + "/" + id;
  }

  static byte[] write(MessageOrBuilder registration) {
    try {
      return JsonFormat.printer()
          .omittingInsignificantWhitespace()
          .print(registration)
          .getBytes(UTF_8);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a registration has no Any that could fail to print", e);
    }
  }

  /**
   * Reads a node.
   *
   * @throws BatonException INVALID_ARGUMENT naming the field that cannot be
   */
  static WorkerRegistration read(String id, byte[] bytes) {
    WorkerRegistration.Builder builder = WorkerRegistration.newBuilder();
    try {
      JsonFormat.parser().ignoringUnknownFields().merge(new String(bytes, UTF_8), builder);
    } catch (InvalidProtocolBufferException e) {
      throw BatonException.invalid(
          path(id), new String(bytes, UTF_8), "a worker's registration as JSON");
    }
    WorkerRegistration registration = builder.build();
    check(registration);
    if (!registration.getId().equals(id)) {
      throw BatonException.invalid("id", registration.getId(), "the node's name, " + id);
    }
    return registration;
  }

  /**
   * Reads a router's node.
   *
   * @throws BatonException INVALID_ARGUMENT if it cannot be
   */
  static RouterRegistration readRouter(String id, byte[] bytes) {
    RouterRegistration.Builder builder = RouterRegistration.newBuilder();
    try {
      JsonFormat.parser().ignoringUnknownFields().merge(new String(bytes, UTF_8), builder);
    } catch (InvalidProtocolBufferException e) {
      throw BatonException.invalid(
          routerPath(id), new String(bytes, UTF_8), "a router's registration as JSON");
    }
    return builder.build();
  }

  /**
   * Checks the name of a member.
   *
   * @throws BatonException INVALID_ARGUMENT if it cannot be
   */
  static void checkId(String id) {
    if (!id.matches(ID) || id.equals(".") || id.equals("..")) {
      throw BatonException.invalid("id", id, "1 to 64 letters, digits, '.', '_' and '-'");
    }
  }

  /**
   * Checks what others rely on.
   *
   * @throws BatonException INVALID_ARGUMENT naming the field that cannot be
   */
  static void check(WorkerRegistration registration) {
    checkId(registration.getId());
    boolean takesBlocks =
        switch (registration.getRole()) {
          case WORKER_ROLE_PREFILL -> false;
          case WORKER_ROLE_DECODE -> true;
          case WORKER_ROLE_UNSPECIFIED, UNRECOGNIZED ->
              throw BatonException.invalid("role", registration.getRole(), "prefill or decode");
        };
    Endpoint.parse("control_endpoint", registration.getControlEndpoint());
    if (takesBlocks) {
      Endpoint.parse("kv_endpoint", registration.getKvEndpoint());
    }
  }

  /** How a person finds the router that wrote these bytes. */
  static Optional<String> routerHolder(String id, byte[] bytes) {
    try {
      RouterRegistration other = readRouter(id, bytes);
      return Optional.of("pid %d on host '%s'".formatted(other.getPid(), other.getHost()));
    } catch (BatonException unreadable) {
      return Optional.empty();
    }
  }

  /** How a person finds the worker that wrote these bytes. */
  static Optional<String> holder(String id, byte[] bytes) {
    try {
      WorkerRegistration other = read(id, bytes);
      return Optional.of(
          "pid %d on host '%s', control endpoint %s"
              .formatted(other.getPid(), other.getHost(), other.getControlEndpoint()));
    } catch (BatonException unreadable) {
      return Optional.empty();
    }
  }
}
