package dev.baton.cluster.config;

/**
 * A configuration file cannot be used. The message is one sentence for an operator: file, path
 * within it, what was found, what would be right.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final String path;

  /**
   * A fault.
   *
   * @param file which file, or where else the text came from
   * @param path within it, such as {@code profiles[3].memory.bandwidth}; empty for all of it
   * @param found what is there, to follow "file: path "
   * @param expected what would have been right, to follow "expected"
   */
  public ConfigException(String file, String path, String found, String expected) {
    super(
        "%s: %s%s, expected %s".formatted(file, path.isEmpty() ? "" : path + " ", found, expected));
    this.file = file;
    this.path = path;
  }

  /** Which file, or where else the text came from. */
  public String file() {
    return file;
  }

  /** The place within it; empty for all of it. */
  public String path() {
    return path;
  }
}
