package dev.baton.engine.digest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.baton.engine.Engine;
import dev.baton.engine.EngineException;
import dev.baton.engine.EngineException.Code;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.engine.SpanCheck;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.PlaneOrder;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A digest of engines that are wrong in one way each. */
class EngineDigestTest {
  private static final int TOKENS = 90;

  /** What is wrong with an engine. */
  private enum Fault {
    BATCH_SHOWS_IN_LOGITS(Code.NOT_REPRODUCIBLE, "logits at position"),
    BATCH_SHOWS_IN_KV(Code.NOT_REPRODUCIBLE, "KV of block"),
    CHUNK_SHOWS_IN_KV(Code.NOT_REPRODUCIBLE, "KV of block"),
    UNUSED_SLOTS_ARE_LEFT(Code.NOT_REPRODUCIBLE, "KV of block"),
    UNWRITTEN_MEMORY_SHOWS_IN_LOGITS(Code.LOGITS_NOT_FINITE, "NaN");

    final Code code;
    final String said;

    Fault(Code code, String said) {
      this.code = code;
      this.said = said;
    }
  }

  @ParameterizedTest
  @EnumSource
  void engineWhoseBitsDependOnMoreThanTheTokensIsFoundOut(Fault fault) {
    assertThatExceptionOfType(EngineException.class)
        .isThrownBy(() -> EngineDigest.of(new AddingEngine(Set.of(fault), 0), TOKENS, step -> {}))
        .withMessageContaining(fault.said)
        .satisfies(e -> assertThat(e.code()).isEqualTo(fault.code));
  }

  @Test
  void everyBitOfLogitsAndKvAndTheLengthShowInTheDigest() {
    EngineDigest digest = digest(0, TOKENS);
    assertThat(digest(0, TOKENS)).isEqualTo(digest);
    EngineDigest other = digest(Math.ulp(1f), TOKENS);
    assertThat(other.logits()).isNotEqualTo(digest.logits());
    assertThat(other.kv()).isEqualTo(digest.kv());
    Set<String> values = new HashSet<>(Set.of(digest.value(), other.value()));
    values.add(digest(0, TOKENS - 1).value());
    assertThat(values).hasSize(3);
  }

  /** The text of which the digest is one, put together by hand. */
  @Test
  void valueIsTheSha256OfTheLinesThatTheDocumentationNames() throws Exception {
    EngineDigest digest = digest(0, TOKENS);
    String text =
        "baton-digest-1\ntokens 90\nblock tokens 4\nlogits %s\nkv %s\n"
            .formatted(digest.logits(), digest.kv());
    byte[] sha =
        MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
    assertThat(digest.value()).isEqualTo(HexFormat.of().formatHex(sha));
  }

  @Test
  void sequencesAreHalvesOfEachOtherAndTheirTokensOfTheVocabulary() {
    List<int[]> sequences = DigestWorkload.of(7, TOKENS).sequences();
    assertThat(sequences).extracting(each -> each.length).containsExactly(90, 45, 22, 11, 5, 2, 1);
    Set<Integer> ids = new HashSet<>();
    sequences.forEach(each -> {
      for (int token : each) {
        ids.add(token);
      }
    });
    assertThat(ids).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 100})
  void anyLengthUpToTheContextHasADigest(int tokens) {
    assertThat(digest(0, tokens).value()).hasSize(64);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 101})
  void otherLengthsAreRefused(int tokens) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> digest(0, tokens))
        .withMessageContaining("expected 1 to the context's 100");
  }

  private static EngineDigest digest(float more, int tokens) {
    return EngineDigest.of(new AddingEngine(Set.of(), more), tokens, step -> {});
  }

  /** K and V of a position are its token, twice; logits are the sums of all earlier keys. */
  private static final class AddingEngine implements Engine {
    private static final Layout LAYOUT =
        new Layout(1, 1, 2, KvDtype.F32, 4, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    private static final int CONTEXT = 100;
    private static final int VOCABULARY = 5;

    private final Set<Fault> faults;
    private final float more;

    AddingEngine(Set<Fault> faults, float more) {
      this.faults = faults;
      this.more = more;
    }

    @Override
    public Layout layout() {
      return LAYOUT;
    }

    @Override
    public Lineage lineage() {
      return new Lineage("0".repeat(64));
    }

    @Override
    public int vocabulary() {
      return VOCABULARY;
    }

    @Override
    public int contextTokens() {
      return CONTEXT;
    }

    @Override
    public void run(List<Span> batch, LayerListener listener) {
      new SpanCheck(VOCABULARY, CONTEXT, LAYOUT).check(batch);
      batch.forEach(span -> run(span, batch.size()));
    }

    private void run(Span span, int batch) {
      for (int i = 0; i < span.tokens().length; i++) {
        int position = span.start() + i;
        if (position % LAYOUT.blockTokens() == 0 && !has(Fault.UNUSED_SLOTS_ARE_LEFT)) {
          span.blocks().get(position / LAYOUT.blockTokens()).bytes().fill((byte) 0);
        }
        float kv = 1 + span.tokens()[i];
        kv += has(Fault.BATCH_SHOWS_IN_KV) ? batch : 0;
        kv += has(Fault.CHUNK_SHOWS_IN_KV) && i > 16 ? Math.ulp(kv) : 0;
        put(span, position, kv);
      }
      float[] logits = span.logits();
      if (logits != null) {
        float sum = has(Fault.BATCH_SHOWS_IN_LOGITS) ? batch : 0;
        int end = span.end() + (has(Fault.UNWRITTEN_MEMORY_SHOWS_IN_LOGITS) ? 1 : 0);
        for (int position = 0; position < Math.min(end, capacity(span)); position++) {
          sum += get(span, position);
        }
        for (int i = 0; i < logits.length; i++) {
          logits[i] = 1 / (1 + sum + i) + more;
        }
      }
    }

    private boolean has(Fault fault) {
      return faults.contains(fault);
    }

    private static int capacity(Span span) {
      return span.blocks().size() * LAYOUT.blockTokens();
    }

    private static void put(Span span, int position, float value) {
      for (PlaneKind kind : PlaneKind.values()) {
        span.blocks()
            .get(position / LAYOUT.blockTokens())
            .plane(0, kind)
            .setAtIndex(ValueLayout.JAVA_FLOAT, position % LAYOUT.blockTokens(), value);
      }
    }

    private static float get(Span span, int position) {
      return span.blocks()
          .get(position / LAYOUT.blockTokens())
          .plane(0, PlaneKind.K)
          .getAtIndex(ValueLayout.JAVA_FLOAT, position % LAYOUT.blockTokens());
    }

    @Override
    public void close() {}
  }
}
