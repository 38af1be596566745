package dev.baton.engine.packed;

/**
 * A part of a model's packed weights, which consists of equal pieces.
 *
 * @param content says all that decides its bytes, save those of the model's files
 * @param pieces how many
 * @param pieceBytes of each, a multiple of 64
 */
public record Section(String content, int pieces, long pieceBytes) {
  /** Of all pieces. */
  long bytes() {
    return pieces * pieceBytes;
  }
}
