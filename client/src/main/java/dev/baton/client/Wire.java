package dev.baton.client;

import dev.baton.proto.v1.Chat;
import dev.baton.proto.v1.ChatMessage;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.Sampling;
import dev.baton.proto.v1.TokenIds;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalDouble;

/** Between the SDK's values and the messages of {@code baton.v1}. */
final class Wire {
  private Wire() {}

  static GenerateRequest request(GenerationRequest request) {
    GenerateRequest.Builder wire =
        GenerateRequest.newBuilder()
            .setModel(request.model().orElse(""))
            .setSampling(sampling(request.sampling()))
            .setMaxTokens(request.maxTokens().orElse(0))
            .setChoices(request.choices())
            .addAllStop(request.stop())
            .addAllStopTokenIds(request.stopTokenIds())
            .setIgnoreEos(request.ignoreEndOfSequence())
            .setRequestId(request.requestId().orElse(""));
    request.logprobs().ifPresent(wire::setLogprobs);
    switch (request.prompt()) {
      case Prompt.Text prompt -> wire.setText(prompt.text());
      case Prompt.Tokens prompt -> wire.setTokens(TokenIds.newBuilder().addAllIds(prompt.ids()));
      case Prompt.Chat prompt -> {
        Chat.Builder chat = Chat.newBuilder();
        for (Message each : prompt.messages()) {
          chat.addMessages(
              ChatMessage.newBuilder().setRole(each.role()).setContent(each.content()));
        }
        wire.setChat(chat);
      }
    }
    return wire.build();
  }

  private static Sampling sampling(SamplingOptions options) {
    Sampling.Builder wire = Sampling.newBuilder();
    options.temperature().ifPresent(wire::setTemperature);
    options.topK().ifPresent(wire::setTopK);
    options.topP().ifPresent(wire::setTopP);
    options.minP().ifPresent(wire::setMinP);
    options.repetitionPenalty().ifPresent(wire::setRepetitionPenalty);
    options.presencePenalty().ifPresent(wire::setPresencePenalty);
    options.frequencyPenalty().ifPresent(wire::setFrequencyPenalty);
    options.seed().ifPresent(wire::setSeed);
    return wire.build();
  }

  static AnswerEvent event(GenerateResponse wire) {
    return switch (wire.getEventCase()) {
      case ACCEPTED -> {
        var accepted = wire.getAccepted();
        yield new AnswerEvent.Accepted(
            accepted.getRequestId(),
            accepted.getModel(),
            accepted.getSeed(),
            accepted.getPromptTokens());
      }
      case DELTA -> {
        var delta = wire.getDelta();
        yield new AnswerEvent.Delta(
            delta.getChoice(),
            delta.getTokensList().stream().map(Wire::token).toList(),
            delta.getText());
      }
      case FINISHED -> {
        var finished = wire.getFinished();
        yield new AnswerEvent.Finished(
            finished.getChoice(),
            reason(finished.getReason()),
            Optional.of(finished.getStop()).filter(stop -> !stop.isEmpty()));
      }
      case USAGE -> {
        var usage = wire.getUsage();
        yield new AnswerEvent.Completed(
            new Usage(
                usage.getPromptTokens(), usage.getCachedTokens(), usage.getCompletionTokens()),
            route(usage.getRoute()));
      }
      case EVENT_NOT_SET ->
          throw new BatonException(ErrorCode.INTERNAL, "the router sent an event without content");
    };
  }

  private static Route route(dev.baton.proto.v1.Route wire) {
    return new Route(
        wire.getPrefillWorker(),
        wire.getDecodeWorker(),
        wire.getBlocksMoved(),
        wire.getBlocksPresent(),
        wire.getBytesMoved(),
        micros(wire.getTransferUs()),
        micros(wire.getVisibleTransferUs()),
        micros(wire.getQueueUs()),
        micros(wire.getPrefillUs()),
        micros(wire.getAdmissionUs()),
        wire.hasPredictedTtftUs()
            ? Optional.of(
                new Route.Prediction(
                    micros(wire.getPredictedTtftUs()), micros(wire.getPredictedTpotUs())))
            : Optional.empty(),
        wire.hasPrefillJoules()
            ? OptionalDouble.of(wire.getPrefillJoules())
            : OptionalDouble.empty(),
        wire.hasDecodeJoules()
            ? OptionalDouble.of(wire.getDecodeJoules())
            : OptionalDouble.empty());
  }

  private static Duration micros(long micros) {
    return Duration.of(micros, ChronoUnit.MICROS);
  }

  private static Token token(SampledToken wire) {
    return new Token(
        wire.getId(),
        wire.hasLogprob() ? OptionalDouble.of(wire.getLogprob()) : OptionalDouble.empty(),
        wire.getTopList().stream()
            .map(top -> new Token.Alternative(top.getId(), top.getLogprob()))
            .toList());
  }

  private static FinishReason reason(dev.baton.proto.v1.FinishReason wire) {
    return switch (wire) {
      case FINISH_REASON_STOP -> FinishReason.STOP;
      case FINISH_REASON_LENGTH -> FinishReason.LENGTH;
      case FINISH_REASON_UNSPECIFIED, UNRECOGNIZED ->
          throw new BatonException(
              ErrorCode.INTERNAL, "finished.reason: " + wire + ", expected STOP or LENGTH");
    };
  }
}
