package dev.baton.kv.transport;

import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.AsciiString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/2 frames of up to 1 MiB instead of 16 KiB: fewer headers between the bytes, larger reads and
 * writes. grpc-java has no option for it; this is the one class that uses its internal API, and
 * without that API everything works with small frames.
 */
final class LargeFrames {
  private static final Logger log = LoggerFactory.getLogger(LargeFrames.class);
  static final int FRAME_BYTES = 1 << 20;

  private LargeFrames() {}

  /** Plaintext credentials of a server that announces large frames, where it can. */
  static ServerCredentials plaintext() {
    try {
      return InternalNettyServerCredentials.create(
          new Announcing(InternalProtocolNegotiators.serverPlaintext()));
    } catch (LinkageError changed) {
      log.warn("this grpc-java cannot announce large HTTP/2 frames: {}", changed.toString());
      return InsecureServerCredentials.create();
    }
  }

  private record Announcing(ProtocolNegotiator plain) implements ProtocolNegotiator {
    @Override
    public AsciiString scheme() {
      return plain.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
      return new Announcement(plain.newHandler(grpc), grpc);
    }

    @Override
    public void close() {
      plain.close();
    }
  }

  /** Goes before the negotiation's own handler; once that has put gRPC's in, it announces. */
  private static final class Announcement extends ChannelInboundHandlerAdapter {
    private final ChannelHandler negotiation;
    private final GrpcHttp2ConnectionHandler grpc;

    Announcement(ChannelHandler negotiation, GrpcHttp2ConnectionHandler grpc) {
      this.negotiation = negotiation;
      this.grpc = grpc;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      // A frame that several reads brought is put together without copying them into one buffer.
      grpc.setCumulator(ByteToMessageDecoder.COMPOSITE_CUMULATOR);
      context.pipeline().addAfter(context.name(), null, negotiation);
      context.channel().eventLoop().execute(() -> announce(context));
    }

    private void announce(ChannelHandlerContext context) {
      ChannelHandlerContext http2 = context.pipeline().context(grpc);
      if (http2 != null) {
        var _ =
            grpc.encoder()
                .writeSettings(
                    http2, new Http2Settings().maxFrameSize(FRAME_BYTES), http2.newPromise());
        http2.flush();
      }
      context.pipeline().remove(this);
    }
  }
}
