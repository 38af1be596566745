package dev.baton.router.index;

import dev.baton.kv.BlockKey;
import dev.baton.kv.PackedKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Prompts that share prefixes, as chains of random keys. */
final class RandomKeys {
  private final Random random;
  private final List<List<BlockKey>> prompts = new ArrayList<>();

  RandomKeys(Random random, int prompts, int mostBlocks) {
    this.random = random;
    for (int i = 0; i < prompts; i++) {
      List<BlockKey> prompt = new ArrayList<>();
      if (i > 0) {
        List<BlockKey> other = this.prompts.get(random.nextInt(i));
        prompt.addAll(other.subList(0, random.nextInt(other.size() + 1)));
      }
      for (int blocks = 1 + random.nextInt(mostBlocks); prompt.size() < blocks; ) {
        prompt.add(key(random));
      }
      this.prompts.add(prompt);
    }
  }

  static BlockKey key(Random random) {
    return new BlockKey(random.nextLong(), random.nextLong());
  }

  static PackedKeys packed(Random random, int count) {
    List<BlockKey> keys = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      keys.add(key(random));
    }
    return PackedKeys.of(keys);
  }

  List<BlockKey> prompt() {
    return prompts.get(random.nextInt(prompts.size()));
  }

  /** Some neighbours of one prompt. */
  List<BlockKey> part() {
    List<BlockKey> prompt = prompt();
    int from = random.nextInt(3) == 0 ? random.nextInt(prompt.size()) : 0;
    return prompt.subList(from, from + random.nextInt(prompt.size() - from + 1));
  }

  List<List<BlockKey>> all() {
    return prompts;
  }
}
