import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Scanner;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What {@code llama-rounds logits} does, of Baton's engine: reads token ids from stdin as a prompt and continues it
 * greedily; logits go to a file as little-endian floats, the chosen tokens to stdout. {@code check.py} starts it:
 * {@code BatonLogits.java MODEL_DIR THREADS COUNT OUT [ID...]}. With ids the sequence goes on with those, whatever was chosen.
 */
final class BatonLogits {
  public static void main(String[] args) throws Exception {
    int[] prompt = new Scanner(System.in).tokens().mapToInt(Integer::parseInt).toArray();
    int count = Integer.parseInt(args[2]);
    int[] forced = Stream.of(args).skip(4).mapToInt(Integer::parseInt).toArray();
    try (Engine engine = CpuEngine.load(ModelDirectory.open(Path.of(args[0])), 16, Integer.parseInt(args[1]));
        BlockPool pool = new BlockPool(engine.layout(), engine.layout().blocksFor(prompt.length + count));
        OutputStream out = Files.newOutputStream(Path.of(args[3]))) {
      List<Block> table = pool.tryReserve(pool.capacity());
      float[] logits = new float[engine.vocabulary()];
      ByteBuffer bytes = ByteBuffer.allocate(4 * logits.length).order(ByteOrder.LITTLE_ENDIAN);
      int[] next = prompt;
      int position = 0;
      for (int i = 0; i < count; i++) {
        engine.run(List.of(new Span(next, position, table, logits)));
        position += next.length;
        bytes.asFloatBuffer().put(logits);
        out.write(bytes.array());
        int best = IntStream.range(0, logits.length).reduce((a, b) -> logits[b] > logits[a] ? b : a).orElseThrow();
        System.out.println(best);
        next = new int[] {i < forced.length ? forced[i] : best};
      }
      pool.release(table);
    }
  }
}
