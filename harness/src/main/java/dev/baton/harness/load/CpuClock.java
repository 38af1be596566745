package dev.baton.harness.load;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** CPU time, user and system. */
public final class CpuClock {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private CpuClock() {}

  /** Nanoseconds of the calling thread since it began. */
  public static long threadNanos() {
    return THREADS.getCurrentThreadCpuTime();
  }

  /** Nanoseconds of all threads of this process since it began. */
  public static long nanos() {
    return SYSTEM.getProcessCpuTime();
  }
}
