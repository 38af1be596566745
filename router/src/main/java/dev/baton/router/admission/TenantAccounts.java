package dev.baton.router.admission;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The books of all accounts that were seen. Of those without rates that do nothing, only the latest
 * are kept: a client that invents API keys does not fill the memory. Not safe for use by many
 * threads.
 */
final class TenantAccounts {
  private static final int MOST = 10_000;

  // Least recently used first.
  private final Map<String, TenantAccount> byName = new LinkedHashMap<>(16, 0.75f, true);

  /** The books of this account, new ones where there are none. */
  TenantAccount of(Payer payer, long now) {
    TenantAccount books = byName.get(payer.name());
    if (books == null) {
      books = new TenantAccount(payer.policy(), now);
      byName.put(payer.name(), books);
      forgetOne();
    }
    return books;
  }

  private void forgetOne() {
    if (byName.size() <= MOST) {
      return;
    }
    for (Iterator<TenantAccount> each = byName.values().iterator(); each.hasNext(); ) {
      if (each.next().isIdle()) {
        each.remove();
        return;
      }
    }
  }

  int size() {
    return byName.size();
  }
}
