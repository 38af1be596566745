package dev.baton.router.admission;

/**
 * Whom a request is charged to.
 *
 * @param name unique among accounts
 * @param policy what it is granted
 */
public record Payer(String name, TenantPolicy policy) {}
