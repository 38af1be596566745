package dev.baton.harness.load;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** CPU time of this process, user and system, all threads. */
public final class CpuClock {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private CpuClock() {}

  /** Nanoseconds since the process began. */
  public static long nanos() {
    return SYSTEM.getProcessCpuTime();
  }
}
