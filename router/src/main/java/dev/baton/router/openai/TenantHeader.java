package dev.baton.router.openai;

import dev.baton.router.tenant.Tenant;
import dev.baton.router.tenant.Tenants;
import io.javalin.http.Context;

/** The header {@code Authorization: Bearer KEY}, which says whose request it is. */
final class TenantHeader {
  private TenantHeader() {}

  /**
   * Whose request it is; without the header, anonymous.
   *
   * @throws ApiException 401 if the header is something else
   */
  static Tenant of(Context ctx) {
    return Tenants.ofAuthorization(ctx.req().getHeader("Authorization"))
        .orElseThrow(() ->
            new ApiException(
                ApiError.invalid(
                    401,
                    "invalid_api_key",
                    null,
                    "authorization: expected \"Bearer \" and a key, or no such header")));
  }
}
