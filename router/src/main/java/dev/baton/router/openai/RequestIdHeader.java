package dev.baton.router.openai;

import dev.baton.router.generation.RequestIds;
import io.javalin.http.Context;
import org.jspecify.annotations.Nullable;

/** The header {@code x-request-id}: every response has one, the client's own where it is valid. */
final class RequestIdHeader {
  static final String NAME = "x-request-id";

  private RequestIdHeader() {}

  /** Chooses the id of this request and puts it on the response. */
  static void put(Context ctx) {
    @Nullable String asked = ctx.req().getHeader(NAME);
    ctx.header(NAME, asked != null && RequestIds.valid(asked) ? asked : RequestIds.fresh());
  }

  /** The id that {@link #put} chose. */
  static String of(Context ctx) {
    return ctx.res().getHeader(NAME);
  }
}
