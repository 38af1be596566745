package dev.baton.engine.cpu;

import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A matrix as products read it: tensors of the same depth, one below the other, packed as one.
 *
 * @param parts at least one; their rows are the matrix's columns
 */
record Matrix(List<Tensor> parts) {
  PanelFormat format() {
    return PanelFormat.of(parts);
  }

  int columns() {
    return parts.stream().mapToInt(each -> each.shape().getFirst()).sum();
  }

  int depth() {
    return parts.getFirst().shape().getLast();
  }

  int panels() {
    return Panels.padded(columns()) / Panels.COLUMNS;
  }

  long panelBytes() {
    return depth() * format().stepBytes();
  }

  /** Its packed weights, which are in this memory. */
  Panels over(MemorySegment data) {
    return format().over(columns(), depth(), data);
  }

  /** Packs one panel into memory of {@link #panelBytes} zeros. */
  void pack(int panel, MemorySegment to) {
    Panels alone = format().over(Panels.COLUMNS, depth(), to);
    int first = panel * Panels.COLUMNS;
    int partFirst = 0; // the matrix's column that the part's first row is
    for (Tensor part : parts) {
      int rows = part.shape().getFirst();
      int from = Math.max(0, first - partFirst);
      int end = Math.min(rows, first + Panels.COLUMNS - partFirst);
      for (int row = from; row < end; row++) {
        alone.put(partFirst + row - first, part, row);
      }
      partFirst += rows;
    }
  }
}
