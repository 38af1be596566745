package dev.baton.engine.packed;

import java.io.IOException;

/** A file of packed weights is not what was written, or not of this form. */
final class DamagedFileException extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedFileException(String what) {
    super(what);
  }
}
