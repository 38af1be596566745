package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.proto.internal.v1.Layout;
import org.junit.jupiter.api.Test;

class LayoutsTest {
  private static final Layout WIRE = Layouts.toProto(Prompt.SMALL);

  @Test
  void aLayoutSurvivesTheWire() {
    assertThat(Layouts.of(WIRE)).isEqualTo(Prompt.SMALL);
  }

  @Test
  void aTicketSurvivesTheWire() {
    Ticket ticket = new Ticket(-1, Long.MIN_VALUE, -1);
    assertThat(Ticket.of(ticket.toProto())).isEqualTo(ticket);
    assertThat(ticket).hasToString("ffffffffffffffff/4294967295");
  }

  @Test
  void whatIsAbsentOrUnknownIsRefusedByName() {
    assertRefused(Layout.getDefaultInstance(), "layout.dtype: 0");
    assertRefused(WIRE.toBuilder().setDtypeValue(99).build(), "layout.dtype: 99");
    assertRefused(WIRE.toBuilder().clearOrder().build(), "layout.order: 0");
    assertRefused(WIRE.toBuilder().setLayers(0).build(), "layout.layers: 0");
    assertRefused(WIRE.toBuilder().setKvHeads(-1).build(), "layout.kvHeads: -1");
  }

  private static void assertRefused(Layout layout, String message) {
    assertThatThrownBy(() -> Layouts.of(layout))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
