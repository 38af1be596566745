package dev.baton.router.workers;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
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
        layout(model.getLayout()),
        model.getContextTokens());
  }

  private static Layout layout(dev.baton.proto.internal.v1.Layout wire) {
    KvDtype dtype =
        switch (wire.getDtype()) {
          case KV_DTYPE_F32 -> KvDtype.F32;
          case KV_DTYPE_UNSPECIFIED, UNRECOGNIZED ->
              throw new IllegalArgumentException("layout.dtype: " + wire.getDtypeValue());
        };
    PlaneOrder order =
        switch (wire.getOrder()) {
          case PLANE_ORDER_K_BY_DIMENSION_V_BY_TOKEN -> PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN;
          case PLANE_ORDER_UNSPECIFIED, UNRECOGNIZED ->
              throw new IllegalArgumentException("layout.order: " + wire.getOrderValue());
        };
    return new Layout(
        wire.getLayers(),
        wire.getKvHeads(),
        wire.getHeadSize(),
        dtype,
        wire.getBlockTokens(),
        order);
  }
}
