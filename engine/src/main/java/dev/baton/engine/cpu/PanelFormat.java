package dev.baton.engine.cpu;

import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** How packed weights lie in memory. */
enum PanelFormat {
  /** Floats. */
  F32 {
    @Override
    long stepBytes() {
      return (long) Panels.COLUMNS * Float.BYTES;
    }

    @Override
    Panels over(int columns, int depth, MemorySegment data) {
      return new F32Panels(columns, depth, data);
    }
  },
  /** As the checkpoint has them. */
  BF16 {
    @Override
    long stepBytes() {
      return (long) Panels.COLUMNS * Short.BYTES;
    }

    @Override
    Panels over(int columns, int depth, MemorySegment data) {
      return new Bf16Panels(columns, depth, data);
    }
  },
  /** As the checkpoint has them. */
  F16 {
    @Override
    long stepBytes() {
      return (long) Panels.COLUMNS * Short.BYTES;
    }

    @Override
    Panels over(int columns, int depth, MemorySegment data) {
      return new F16Panels(columns, depth, data);
    }
  },
  /** As the checkpoint has them, each group's scales before it. */
  INT8 {
    @Override
    long stepBytes() {
      return Panels.COLUMNS + (long) Panels.COLUMNS * Short.BYTES / Tensor.GROUP;
    }

    @Override
    Panels over(int columns, int depth, MemorySegment data) {
      return new Int8Panels(columns, depth, data);
    }
  };

  /** The format of matrices that are packed as one: their own, floats if they differ. */
  static PanelFormat of(List<Tensor> parts) {
    Tensor first = parts.getFirst();
    if (parts.stream().anyMatch(each -> each.dtype() != first.dtype())) {
      return F32;
    }
    return switch (first.dtype()) {
      case F32 -> F32;
      case F16 -> F16;
      case BF16 -> BF16;
      case I8 -> INT8;
    };
  }

  /** Bytes of one step of k of a panel, a step's part of what several share included. */
  abstract long stepBytes();

  /** Packed weights in this memory. */
  abstract Panels over(int columns, int depth, MemorySegment data);
}
