package dev.baton.cli.shell;

import java.lang.reflect.Proxy;

/**
 * What happens at a signal. The JDK has no supported API for it and javac warns at each use of the
 * unsupported one, so it is reached by reflection.
 */
public final class Signals {
  private Signals() {}

  /** Runs {@code action} at every SIGINT, instead of ending the process. */
  public static void onInterrupt(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      Object interrupt = signal.getConstructor(String.class).newInstance("INT");
      signal.getMethod("handle", signal, handler).invoke(null, interrupt, proxy);
    } catch (ReflectiveOperationException absent) {
      throw new IllegalStateException("this JDK has no sun.misc.Signal", absent);
    }
  }

  /**
   * Leaves SIGINT to the parent process: Ctrl-C in a terminal reaches the whole process group, and
   * only the parent knows in which order its children stop.
   */
  public static void leaveInterruptToParent() {
    onInterrupt(() -> {});
  }
}
