package dev.baton.harness.load;

/**
 * Hears one answer. Order: any number of {@link #more}, at most one {@link #finished}, at most one
 * {@link #account}; then exactly one of {@link #completed} and {@link #failed}.
 */
public interface AnswerListener {
  /**
   * More of the answer came.
   *
   * @param tokens how many, as far as the API says; else 1
   * @param text whether any text came
   */
  void more(int tokens, boolean text);

  /** The answer is whole; its account may follow. */
  void finished();

  /** What the server says that the request took. */
  void account(ServerAccount account);

  /** Everything came. */
  void completed();

  /** The request failed. */
  void failed(RequestFailure failure);
}
