package dev.baton.engine.packed;

import dev.baton.model.WeightDigests;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** How a model's weights are packed. Safe for use by many threads. */
public interface Packing {
  /** What else decides the bytes of sections, and which weights the digests are of. */
  String form();

  /** What is packed, in this order. */
  List<Section> sections();

  /**
   * Packs one piece.
   *
   * @param to the piece's bytes, aligned to 64, zeros
   */
  void pack(int section, int piece, MemorySegment to);

  /** Computes the digests of the weights that decide KV. */
  WeightDigests digests();
}
