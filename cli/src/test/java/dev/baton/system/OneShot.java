package dev.baton.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One run of the program that ends by itself: its exit code and what it printed. */
record OneShot(int code, String out, String err) {
  static OneShot of(String... arguments) throws IOException, InterruptedException {
    Path err = Files.createTempFile("baton-err", ".txt");
    try {
      Process process =
          BatonProcess.command(List.of(arguments)).redirectError(err.toFile()).start();
      String out = new String(process.getInputStream().readAllBytes());
      return new OneShot(process.waitFor(), out, Files.readString(err));
    } finally {
      Files.delete(err);
    }
  }
}
