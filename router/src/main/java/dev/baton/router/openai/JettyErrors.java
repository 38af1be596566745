package dev.baton.router.openai;

import dev.baton.router.generation.RequestIds;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Errors that Jetty finds before any route sees the request (a request line that is none, headers
 * too long), in the same form as all others and without a word about their inside.
 */
final class JettyErrors extends ErrorHandler {
  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int code,
      @Nullable String message,
      @Nullable Throwable cause,
      Callback callback) {
    String what = code >= 500 ? "a fault of Baton's own" : "the request is not valid HTTP";
    ApiError error =
        code >= 500
            ? new ApiError(code, "server_error", "internal_error", null, what, OptionalInt.empty())
            : ApiError.invalid(code, "invalid_request", null, what);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    response.getHeaders().put(RequestIdHeader.NAME, RequestIds.fresh());
    response.write(true, ByteBuffer.wrap(Json.bytes(error.toJson())), callback);
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }
}
