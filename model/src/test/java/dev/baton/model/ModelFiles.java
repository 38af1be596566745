package dev.baton.model;

import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.json.Json;
import dev.baton.model.random.RandomModel;
import dev.baton.model.random.RandomModel.Shape;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/** Small model directories, and ways to spoil them. */
public final class ModelFiles {
  public static final Shape TINY = new Shape(2, 32, 48, 4, 2, 300, 128, false, WeightDtype.F32);

  private ModelFiles() {}

  /** A tiny random model in a new directory under {@code parent}. */
  public static Path tiny(Path parent) {
    return write(parent, TINY, 1);
  }

  public static Path write(Path parent, Shape shape, long seed) {
    try {
      Path directory = Files.createTempDirectory(parent, "model");
      RandomModel.write(directory, shape, seed);
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A tiny random model of a family, whose layers slide by this window. */
  public static Path tiny(Path parent, Family family, SlidingWindow window) {
    try {
      Path directory = Files.createTempDirectory(parent, "model");
      RandomModel.write(directory, TINY.config(family, window), TINY.dtype(), 1);
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Changes one JSON file of a model. */
  public static void edit(Path directory, String name, Consumer<ObjectNode> change) {
    try {
      Path file = directory.resolve(name);
      ObjectNode json =
          Files.exists(file)
              ? (ObjectNode) Json.MAPPER.readTree(Files.readString(file))
              : Json.MAPPER.createObjectNode();
      change.accept(json);
      Files.writeString(file, json.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
