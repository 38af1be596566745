package dev.baton.model.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * A model's tokenizer: Hugging Face's own library on {@code tokenizer.json}.
 *
 * <ul>
 *   <li>Safe for use by many threads; after {@link #close} every method that needs the library
 *       throws {@link IllegalStateException}.
 *   <li>Never pads, never truncates, never uses the network.
 *   <li>Ids outside the vocabulary have no text.
 * </ul>
 */
public final class Tokenizer implements AutoCloseable {
  private static final String NAME = "tokenizer.json";
  private static final long MAX_BYTES = 1L << 29;

  private final Path file;
  private final HuggingFaceTokenizer library;
  private final Vocabulary vocabulary;

  /** Calls into the library hold it for reading: a handle must not die under one. */
  private final ReadWriteLock lifetime = new ReentrantReadWriteLock();

  private boolean closed;

  private Tokenizer(Path file, HuggingFaceTokenizer library, Vocabulary vocabulary) {
    this.file = file;
    this.library = library;
    this.vocabulary = vocabulary;
  }

  /**
   * Loads {@code tokenizer.json}.
   *
   * @throws ModelException if it is missing or is not a tokenizer
   */
  public static Tokenizer open(ModelDirectory directory) {
    Path file = directory.path().resolve(NAME);
    String json = Json.text(file, MAX_BYTES);
    Vocabulary vocabulary = TokenizerFile.parse(file, json);
    NativeTokenizers.settle();
    Map<String, String> options = Map.of("padding", "DO_NOT_PAD", "truncation", "DO_NOT_TRUNCATE");
    try {
      return new Tokenizer(
          file,
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), options),
          vocabulary);
    } catch (EngineException | LinkageError e) {
      throw new ModelException(
          Code.TEXT,
          file,
          "the native tokenizer library cannot be loaded; it is unpacked to ~/.djl.ai, or where"
              + " DJL_CACHE_DIR says, which must be writable and allow execution: "
              + e.getMessage(),
          e);
    } catch (IOException | RuntimeException e) {
      throw new ModelException(Code.TEXT, file, "is no tokenizer: " + e.getMessage(), e);
    }
  }

  /**
   * Token ids of {@code text}. The names of special tokens within the text become those tokens.
   * Lone surrogates count as U+FFFD.
   *
   * @param addSpecialTokens whether to add what the model expects around a text, such as its
   *     beginning-of-text token; false for a rendered {@link ChatTemplate}
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    String valid = wellFormed(text);
    long[] ids = whileOpen(() -> ids(valid, addSpecialTokens));
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  /** Only the ids: the library's own encode makes objects for each token, too many for a book. */
  private long[] ids(String text, boolean addSpecialTokens) {
    long encoding = TokenizersLibrary.LIB.encode(library.getHandle(), text, addSpecialTokens);
    try {
      return TokenizersLibrary.LIB.getTokenIds(encoding);
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  /** Text of all these tokens. Bytes that are no UTF-8 become U+FFFD. */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    long[] known =
        Arrays.stream(ids)
            .filter(each -> vocabulary.spelling(each) != null)
            .asLongStream()
            .toArray();
    return whileOpen(() -> library.decode(known, skipSpecialTokens));
  }

  /**
   * Text of one token as OpenAI's log-probabilities show it: {@code bytes:\xf0\x9f} where the
   * token's bytes are no UTF-8 on their own; special tokens by name.
   */
  public String token(int id) {
    byte[] bytes = vocabulary.bytes(id);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      StringBuilder escaped = new StringBuilder("bytes:");
      for (byte each : bytes) {
        escaped.append(String.format("\\x%02x", each));
      }
      return escaped.toString();
    }
  }

  /** The bytes that the token adds to a text; a special token's name; empty if unknown. */
  public byte[] tokenBytes(int id) {
    return vocabulary.bytes(id);
  }

  /** One more than the largest token id. May differ from the width of the model's logits. */
  public int vocabulary() {
    return vocabulary.size();
  }

  Vocabulary tokens() {
    return vocabulary;
  }

  /** Frees the library's memory, once no call is in it. Idempotent. */
  @Override
  public void close() {
    lifetime.writeLock().lock();
    try {
      closed = true;
      library.close();
    } finally {
      lifetime.writeLock().unlock();
    }
  }

  @Override
  public String toString() {
    return "Tokenizer[" + file + "]";
  }

  private <T> T whileOpen(Supplier<T> call) {
    lifetime.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException(this + " is closed");
      }
      return call.get();
    } finally {
      lifetime.readLock().unlock();
    }
  }

  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.UTF_16LE);
  }
}
