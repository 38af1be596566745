package dev.baton.router.placement;

/** When a decode worker may read a prompt itself. Never by itself: the router asks for it. */
public enum LocalPrefillRule {
  /** Never: no prefill worker, no answer. */
  NEVER,
  /** Where no prefill worker can serve the request. */
  ALONE,
  /**
   * Also where the first token is predicted earlier than with any pair, and the chunks that it
   * reads leave the worker's running sequences within their TPOT.
   */
  CHEAPER
}
