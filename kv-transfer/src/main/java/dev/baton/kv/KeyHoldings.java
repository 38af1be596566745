package dev.baton.kv;

/** Something that holds blocks by key: whoever wants to know which ones asks once, then follows. */
public interface KeyHoldings {
  /** What is held at one moment. */
  KeySnapshot heldKeys();

  /** What changes, numbered as {@link KeySnapshot#position()} is. */
  KeyJournal journal();
}
