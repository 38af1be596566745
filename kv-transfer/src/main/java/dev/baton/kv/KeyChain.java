package dev.baton.kv;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes the keys of a prompt's blocks.
 *
 * <pre>
 * root   = SHA-256("baton-kv-1" || lineage (32 bytes) || tenant salt (32 bytes) || block tokens (u32 LE))
 * key[0] = first 16 bytes of SHA-256(root || token ids of block 0, u32 LE each)
 * key[i] = first 16 bytes of SHA-256(key[i-1] || token ids of block i, u32 LE each)
 * </pre>
 *
 * A key thus names all tokens up to the end of its block. Only full blocks are shared between
 * requests; a last, partly filled block has a key by the same rule, which serves to verify it on
 * the wire and is never looked up. Instances are immutable and safe for use by many threads.
 */
public final class KeyChain {
  private static final byte[] DOMAIN = "baton-kv-1".getBytes(StandardCharsets.US_ASCII);

  private final byte[] root;
  private final int blockTokens;

  /** The chain of one lineage and tenant, for blocks of {@code blockTokens} tokens. */
  public KeyChain(Lineage lineage, TenantSalt salt, int blockTokens) {
    if (blockTokens < 1) {
      throw new IllegalArgumentException("block tokens: " + blockTokens + ", expected at least 1");
    }
    this.blockTokens = blockTokens;
    MessageDigest sha = sha256();
    sha.update(DOMAIN);
    sha.update(lineage.bytes());
    sha.update(salt.bytes());
    sha.update(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, blockTokens));
    this.root = sha.digest();
  }

  /** Keys of all blocks of {@code tokens}, in order; the last may be of a partly filled block. */
  public List<BlockKey> keys(int[] tokens) {
    MessageDigest sha = sha256();
    List<BlockKey> keys = new ArrayList<>(blocksFor(tokens.length));
    byte[] parent = root;
    ByteBuffer ids = ByteBuffer.allocate(4 * blockTokens).order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < tokens.length; from += blockTokens) {
      int to = Math.min(from + blockTokens, tokens.length);
      ids.clear();
      for (int i = from; i < to; i++) {
        ids.putInt(tokens[i]);
      }
      sha.update(parent);
      sha.update(ids.flip());
      parent = Arrays.copyOf(sha.digest(), BlockKey.BYTES);
      keys.add(BlockKey.of(parent));
    }
    return List.copyOf(keys);
  }

  /** Blocks that {@code tokens} tokens need, the last perhaps partly filled. */
  public int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, blockTokens);
  }

  /** Blocks that {@code tokens} tokens fill. */
  public int fullBlocks(int tokens) {
    return tokens / blockTokens;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
