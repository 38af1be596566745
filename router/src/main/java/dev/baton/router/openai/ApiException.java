package dev.baton.router.openai;

/** A request ends with an {@link ApiError} before its response has begun. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ApiError error;

  ApiException(ApiError error) {
    super(error.message());
    this.error = error;
  }

  ApiError error() {
    return error;
  }
}
