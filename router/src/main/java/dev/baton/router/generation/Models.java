package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The models that this router can be asked for, by name. Immutable. */
public final class Models {
  private final SortedMap<String, TextModel> byName;

  /** These models, whose names differ. */
  public Models(List<TextModel> models) {
    SortedMap<String, TextModel> sorted = new TreeMap<>();
    for (TextModel each : models) {
      if (sorted.put(each.name(), each) != null) {
        throw new IllegalArgumentException("two models are called " + each.name());
      }
    }
    byName = Collections.unmodifiableSortedMap(sorted);
  }

  /** All models, by name. */
  public Collection<TextModel> all() {
    return byName.values();
  }

  /**
   * The model of this name; an empty name means the only one there is.
   *
   * @throws BatonException MODEL_NOT_FOUND, naming those there are, or INVALID_ARGUMENT for an
   *     empty name with several
   */
  public TextModel named(String name) {
    if (name.isEmpty()) {
      if (byName.size() == 1) {
        return byName.firstEntry().getValue();
      }
      throw BatonException.invalid("model", name, "one of " + byName.keySet());
    }
    TextModel model = byName.get(name);
    if (model == null) {
      throw BatonException.modelNotFound(name, byName.keySet());
    }
    return model;
  }
}
