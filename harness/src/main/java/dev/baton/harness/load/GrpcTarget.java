package dev.baton.harness.load;

import dev.baton.client.AnswerEvent;
import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.GenerationRequest;
import dev.baton.client.Message;
import dev.baton.client.Model;
import dev.baton.client.Route;
import dev.baton.client.Usage;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** A router's gRPC door, through the Java SDK; answers are observed on its event loops. */
public final class GrpcTarget implements Target {
  private static final double NANOS_PER_MILLI = 1e6;

  private final BatonClient client;
  private final PromptKind kind;
  private final String model;

  private GrpcTarget(BatonClient client, PromptKind kind, String model) {
    this.client = client;
    this.kind = kind;
    this.model = model;
  }

  /**
   * Asks the router for its models.
   *
   * @param endpoint host:port
   * @param model its name there; null for the only one
   * @param limit longest time of one request
   * @param apiKey sent as a bearer token; null for none
   * @throws TargetException if it does not answer or has no such model
   */
  public static GrpcTarget connect(
      String endpoint,
      PromptKind kind,
      @Nullable String model,
      Duration limit,
      @Nullable String apiKey) {
    BatonClient.Builder builder;
    try {
      builder = BatonClient.builder(endpoint).deadline(limit).executor(Runnable::run);
    } catch (IllegalArgumentException malformed) {
      throw new TargetException(String.valueOf(malformed.getMessage()), malformed);
    }
    if (apiKey != null) {
      builder.apiKey(apiKey);
    }
    BatonClient client = builder.build();
    try {
      List<String> names = client.models().stream().map(Model::name).toList();
      boolean known = model == null ? names.size() == 1 : names.contains(model);
      if (!known) {
        throw new TargetException(
            "the router at %s serves the models %s: choose one with --model"
                .formatted(endpoint, names));
      }
      return new GrpcTarget(client, kind, model == null ? names.getFirst() : model);
    } catch (BatonException notThere) {
      client.close();
      throw new TargetException(endpoint + ": " + notThere.getMessage(), notThere);
    } catch (TargetException noSuchModel) {
      client.close();
      throw noSuchModel;
    }
  }

  /** The model's name at the router. */
  public String model() {
    return model;
  }

  @Override
  public boolean countsTokens() {
    return true;
  }

  @Override
  public FleetFacts fleet() {
    try {
      return client.models().stream()
          .filter(each -> each.name().equals(model))
          .findFirst()
          .map(each -> new FleetFacts(each.dollarsPerHour(), each.joules()))
          .orElse(FleetFacts.UNKNOWN);
    } catch (BatonException notNow) {
      return FleetFacts.UNKNOWN;
    }
  }

  @Override
  public Prepared prepare(Ask ask) {
    GenerationRequest.Builder request =
        switch (kind) {
          case CHAT -> GenerationRequest.chat(Message.user(ask.prompt()));
          case COMPLETION -> GenerationRequest.text(ask.prompt());
        };
    Flow.Publisher<AnswerEvent> answer =
        client.publish(
            request.model(model).maxTokens(ask.outputTokens()).ignoreEndOfSequence().build());
    return listener -> answer.subscribe(new Reader(listener));
  }

  @Override
  public void close() {
    client.close();
  }

  /** Hears the SDK's events. */
  private record Reader(AnswerListener listener) implements Flow.Subscriber<AnswerEvent> {
    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(AnswerEvent event) {
      switch (event) {
        case AnswerEvent.Accepted _ -> {}
        case AnswerEvent.Delta delta ->
            listener.more(delta.tokens().size(), !delta.text().isEmpty());
        case AnswerEvent.Finished _ -> listener.finished();
        case AnswerEvent.Completed completed ->
            listener.account(account(completed.usage(), completed.route()));
      }
    }

    @Override
    public void onError(Throwable failure) {
      listener.failed(
          failure instanceof BatonException known
              ? new RequestFailure(
                  known.code().name().toLowerCase(Locale.ROOT), String.valueOf(known.getMessage()))
              : new RequestFailure("generator", failure.toString()));
    }

    @Override
    public void onComplete() {
      listener.completed();
    }

    private static ServerAccount account(Usage usage, Route route) {
      Map<String, Double> measures = new LinkedHashMap<>();
      measures.put("blocks_moved", (double) route.blocksMoved());
      measures.put("blocks_present", (double) route.blocksPresent());
      measures.put("bytes_moved", (double) route.bytesMoved());
      measures.put("admission_ms", millis(route.admission()));
      measures.put("queue_ms", millis(route.queue()));
      measures.put("prefill_ms", millis(route.prefill()));
      measures.put("transfer_ms", millis(route.transfer()));
      measures.put("visible_transfer_ms", millis(route.visibleTransfer()));
      route
          .prediction()
          .ifPresent(predicted -> {
            measures.put("predicted_ttft_ms", millis(predicted.ttft()));
            measures.put("predicted_tpot_ms", millis(predicted.tpot()));
          });
      route.prefillJoules().ifPresent(joules -> measures.put("prefill_joules", joules));
      route.decodeJoules().ifPresent(joules -> measures.put("decode_joules", joules));
      return new ServerAccount(
          OptionalInt.of(usage.promptTokens()),
          OptionalInt.of(usage.cachedTokens()),
          OptionalInt.of(usage.completionTokens()),
          measures);
    }

    private static double millis(Duration time) {
      return time.toNanos() / NANOS_PER_MILLI;
    }
  }
}
