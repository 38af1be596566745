package dev.baton.model.weights;

import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file of weights at a moment.
 *
 * @param path absolute
 * @param state device, inode, size, and when content and inode were changed last: as long as it is
 *     the same, so is the content. No path is in it: another container may have the file elsewhere
 */
public record SourceFile(Path path, String state) {
  private static final String ATTRIBUTES = "unix:dev,ino,size,lastModifiedTime,ctime";

  /**
   * The file as it is now.
   *
   * @throws ModelException if there is none
   */
  static SourceFile of(Path path) {
    try {
      return new SourceFile(path, state(path));
    } catch (IOException e) {
      throw new ModelException(Code.FILE_MISSING, path, "cannot be read: " + e.getMessage(), e);
    }
  }

  /** Whether the file is there, and is what it was. */
  public boolean isUnchanged() {
    try {
      return state.equals(state(path));
    } catch (IOException e) {
      return false;
    }
  }

  private static String state(Path path) throws IOException {
    Map<String, Object> now = Files.readAttributes(path, ATTRIBUTES);
    return "dev %s ino %s size %s mtime %s ctime %s"
        .formatted(
            now.get("dev"),
            now.get("ino"),
            now.get("size"),
            now.get("lastModifiedTime"),
            now.get("ctime"));
  }
}
