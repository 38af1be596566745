package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.PushReply;

/** The way back to a sender. Safe for use by many threads; after the end nothing more is sent. */
interface PushReplies {
  /** Sends a reply. */
  void reply(PushReply reply);

  /** Sends the last reply and ends the stream well. */
  void finish(PushReply last);

  /** Ends the stream with the status that {@code why} stands for. */
  void refuse(HandoffException why);
}
