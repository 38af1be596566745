package dev.baton.engine.sampling;

/**
 * Token ids by weight, largest first, ties by smaller id. Only as much is sorted as is asked for: a
 * heap whose head moves to the array's end when its rank is needed.
 */
final class Ranking {
  private final double[] weights;
  private final int[] ids;

  /** Ids before are the heap, those after are ranked, the largest last. */
  private int heap;

  /** Ranks all ids of {@code weights}, which must not change and holds no NaN. */
  Ranking(double[] weights) {
    this.weights = weights;
    this.ids = new int[weights.length];
    this.heap = weights.length;
    for (int i = 0; i < heap; i++) {
      ids[i] = i;
    }
    for (int parent = heap / 2 - 1; parent >= 0; parent--) {
      sink(parent);
    }
  }

  /** The id of this rank, from 0. */
  int id(int rank) {
    while (ids.length - heap <= rank) {
      heap--;
      int largest = ids[0];
      ids[0] = ids[heap];
      ids[heap] = largest;
      sink(0);
    }
    return ids[ids.length - 1 - rank];
  }

  /** The weight of the id of this rank. */
  double weight(int rank) {
    return weights[id(rank)];
  }

  private void sink(int from) {
    int parent = from;
    while (true) {
      int child = 2 * parent + 1;
      if (child >= heap) {
        return;
      }
      if (child + 1 < heap && before(ids[child + 1], ids[child])) {
        child++;
      }
      if (!before(ids[child], ids[parent])) {
        return;
      }
      int id = ids[parent];
      ids[parent] = ids[child];
      ids[child] = id;
      parent = child;
    }
  }

  private boolean before(int id, int other) {
    return weights[id] > weights[other] || (weights[id] == weights[other] && id < other);
  }
}
