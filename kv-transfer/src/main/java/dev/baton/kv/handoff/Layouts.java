package dev.baton.kv.handoff;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;

/** The wire form of a {@link Layout}. */
public final class Layouts {
  private Layouts() {}

  /** The layout as it goes over the wire. */
  public static dev.baton.proto.internal.v1.Layout toProto(Layout layout) {
    return dev.baton.proto.internal.v1.Layout.newBuilder()
        .setLayers(layout.layers())
        .setKvHeads(layout.kvHeads())
        .setHeadSize(layout.headSize())
        .setDtype(
            switch (layout.dtype()) {
              case F32 -> dev.baton.proto.internal.v1.KvDtype.KV_DTYPE_F32;
            })
        .setBlockTokens(layout.blockTokens())
        .setOrder(
            switch (layout.order()) {
              case K_BY_DIMENSION_V_BY_TOKEN ->
                  dev.baton.proto.internal.v1.PlaneOrder.PLANE_ORDER_K_BY_DIMENSION_V_BY_TOKEN;
            })
        .build();
  }

  /**
   * The layout as it came over the wire.
   *
   * @throws IllegalArgumentException if a number is less than 1 or too large, or if dtype or order
   *     is absent or unknown here; the message names the field
   */
  public static Layout of(dev.baton.proto.internal.v1.Layout layout) {
    return new Layout(
        layout.getLayers(),
        layout.getKvHeads(),
        layout.getHeadSize(),
        switch (layout.getDtype()) {
          case KV_DTYPE_F32 -> KvDtype.F32;
          case KV_DTYPE_UNSPECIFIED, UNRECOGNIZED ->
              throw new IllegalArgumentException(
                  "layout.dtype: " + layout.getDtypeValue() + ", expected 1 (F32)");
        },
        layout.getBlockTokens(),
        switch (layout.getOrder()) {
          case PLANE_ORDER_K_BY_DIMENSION_V_BY_TOKEN -> PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN;
          case PLANE_ORDER_UNSPECIFIED, UNRECOGNIZED ->
              throw new IllegalArgumentException(
                  "layout.order: "
                      + layout.getOrderValue()
                      + ", expected 1 (K_BY_DIMENSION_V_BY_TOKEN)");
        });
  }
}
