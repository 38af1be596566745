package dev.baton.kv.handoff;

import java.io.ByteArrayInputStream;
import java.util.Optional;

/** What bytes that a sender pushes say of whose they are. */
public final class PushedMessage {
  private PushedMessage() {}

  /** Whether it asks to write. */
  public static boolean isOpen(byte[] message) {
    return message[0] == KvTransfer.OPEN;
  }

  /** The ticket that it names; the epoch is 0 where it names none. Empty if it names no ticket. */
  public static Optional<Ticket> ticketOf(byte[] message) {
    return switch (new PushMessageReader().parse(new ByteArrayInputStream(message))) {
      case PushMessage.Opening opening -> Optional.of(Ticket.of(opening.open().getTicket()));
      case PushMessage.Frame frame ->
          Optional.of(new Ticket(frame.header().handoffId(), 0, frame.header().generation()));
      case PushMessage.Committing _,
          PushMessage.Joining _,
          PushMessage.Renewing _,
          PushMessage.Waking _,
          PushMessage.Malformed _ ->
          Optional.empty();
    };
  }
}
