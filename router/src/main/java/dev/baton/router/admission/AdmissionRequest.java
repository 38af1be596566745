package dev.baton.router.admission;

import dev.baton.router.placement.PlacementRequest;

/**
 * What admission needs to know of a request.
 *
 * @param payer whom it is charged to
 * @param priority within the payer's highest
 * @param size model, and tokens of prompt and answers
 * @param deadline the moment at which it is over, on the clock of admission
 */
public record AdmissionRequest(
    Payer payer, Priority priority, PlacementRequest size, long deadline) {

  long promptTokens() {
    return size.promptTokens();
  }

  /** Most tokens of all answers together. */
  long mostOutput() {
    return (long) size.maxTokens() * size.choices();
  }

  /** Nanoseconds that are left. */
  long left(long now) {
    return deadline - now;
  }
}
