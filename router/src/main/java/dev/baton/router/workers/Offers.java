package dev.baton.router.workers;

import dev.baton.kv.Lineage;
import dev.baton.kv.handoff.Layouts;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.router.placement.Offer;
import java.util.List;

/** Reads what a worker says that it serves. */
final class Offers {
  private Offers() {}

  /**
   * The models of a registration.
   *
   * @throws IllegalArgumentException if a lineage or a layout has no valid form
   */
  static List<Offer> of(WorkerRegistration registration) {
    return registration.getModelsList().stream().map(Offers::of).toList();
  }

  private static Offer of(ServedModel model) {
    return new Offer(
        model.getName(),
        new Lineage(model.getLineage()),
        Layouts.of(model.getLayout()),
        model.getContextTokens());
  }
}
