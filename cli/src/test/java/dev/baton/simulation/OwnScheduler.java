package dev.baton.simulation;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.Executor;

/**
 * Virtual threads that are run by whom we like: what waits in them, for a lock or a condition,
 * gives the thread that runs them back, and a virtual thread that they start is run by the same.
 * The JDK has this for its own tests only; hence {@code --add-opens java.base/java.lang} in this
 * module's tests.
 */
final class OwnScheduler {
  private static final Constructor<?> BUILDER = constructor();

  private OwnScheduler() {}

  private static Constructor<?> constructor() {
    try {
      Constructor<?> found =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      found.setAccessible(true);
      return found;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JDK has no virtual threads with a given scheduler", e);
    }
  }

  /**
   * Threads each of whose stretches, from one wait to the next, is a task for {@code scheduler}.
   */
  static Thread.Builder.OfVirtual threads(Executor scheduler) {
    try {
      return (Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler);
    } catch (InstantiationException | IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }
}
