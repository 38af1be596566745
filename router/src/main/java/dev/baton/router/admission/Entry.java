package dev.baton.router.admission;

import java.time.Duration;

/** A request's place among those that wait or run. Safe for use by many threads. */
public final class Entry {
  private final AdmissionGate gate;
  private final Pass pass;
  private final Applicant applicant;

  Entry(AdmissionGate gate, Pass pass, Applicant applicant) {
    this.gate = gate;
    this.pass = pass;
    this.applicant = applicant;
  }

  Pass pass() {
    return pass;
  }

  Applicant applicant() {
    return applicant;
  }

  /**
   * Leaves the queue.
   *
   * @return true once, if it waited: its applicant hears nothing any more; false if it was started
   *     or refused
   */
  public boolean leave() {
    return gate.leave(pass);
  }

  /** Its workers were chosen and count it. */
  public void placed() {
    gate.placed(pass);
  }

  /** The prefill worker read the prompt and gave this account. */
  public void prefilled(int promptTokens, int computedTokens, Duration compute, Duration visible) {
    gate.prefilled(promptTokens, computedTokens, compute, visible);
  }

  /** Tokens were delivered. */
  public void delivered(int tokens) {
    gate.delivered(pass, tokens);
  }

  /** Its answers came to their end, with this TPOT. */
  public void answered(Duration tpot) {
    gate.answered(tpot);
  }

  /**
   * It is over, and settled. Idempotent.
   *
   * @param whole whether the answers came to their end
   */
  public void end(boolean whole) {
    gate.end(pass, whole);
  }
}
