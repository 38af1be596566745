package dev.baton.kv.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The few calls of Linux for which Java has no words. Numbers are those of x86-64 and AArch64. Safe
 * for use by many threads.
 */
public final class SystemCalls {
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_GET_SEALS = 1034;
  private static final int F_SEAL_SEAL = 1;
  private static final int F_SEAL_SHRINK = 2;
  private static final int F_SEAL_GROW = 4;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_POPULATE_WRITE = 23;
  private static final int O_RDWR = 2;
  private static final int O_NOCTTY = 0x100;
  private static final int O_NONBLOCK = 0x800;
  private static final int O_CLOEXEC = 0x80000;

  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle MEMFD_CREATE =
      function(
          "memfd_create",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle OPEN =
      function(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle FCNTL =
      function(
          "fcntl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle MUNMAP =
      function(
          "munmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle MADVISE =
      function(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private SystemCalls() {}

  @SuppressWarnings("restricted")
  private static MethodHandle function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    Linker.Option[] all = new Linker.Option[options.length + 1];
    System.arraycopy(options, 0, all, 0, options.length);
    all[options.length] = Linker.Option.captureCallState("errno");
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, all);
  }

  private interface Call {
    long with(Arena arena, MemorySegment state) throws Throwable;
  }

  private static int call(String what, Call call) throws IOException {
    return Math.toIntExact(callForLong(what, call));
  }

  /** What the call returns; -1 is an error. */
  private static long callForLong(String what, Call call) throws IOException {
    // Not a confined arena: kernels are compiled without the check of a segment's owner as long as
    // no segment of this process ever had one.
    Arena arena = Arena.ofAuto();
    try {
      MemorySegment state = arena.allocate(CALL_STATE);
      long result = call.with(arena, state);
      if (result == -1) {
        throw new IOException(what + ": errno " + (int) ERRNO.get(state, 0L));
      }
      return result;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(what, e);
    }
  }

  /** A file of no bytes that is in no directory; its descriptor is the caller's to close. */
  public static int anonymousFile(String name) throws IOException {
    return call(
        "memfd_create",
        (arena, state) ->
            (int)
                MEMFD_CREATE.invokeExact(
                    state, arena.allocateFrom(name), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  }

  /** From now on nobody can change the size of this anonymous file. */
  public static void fixSize(int descriptor) throws IOException {
    int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;
    int _ =
        call(
            "fcntl(F_ADD_SEALS)",
            (arena, state) -> (int) FCNTL.invokeExact(state, descriptor, F_ADD_SEALS, seals));
  }

  /**
   * Whether nobody can make this file shorter. Memory of a file that became shorter kills whoever
   * reads it.
   *
   * @throws IOException if it is not an anonymous file
   */
  public static boolean isSizeFixed(int descriptor) throws IOException {
    int seals =
        call(
            "fcntl(F_GET_SEALS)",
            (arena, state) -> (int) FCNTL.invokeExact(state, descriptor, F_GET_SEALS, 0));
    return (seals & F_SEAL_SHRINK) != 0;
  }

  /** Opens a file for reading and writing, without waiting for anybody. */
  public static int open(String path) throws IOException {
    return call(
        "open " + path,
        (arena, state) ->
            (int)
                OPEN.invokeExact(
                    state, arena.allocateFrom(path), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  }

  public static void close(int descriptor) throws IOException {
    int _ = call("close", (arena, state) -> (int) CLOSE.invokeExact(state, descriptor));
  }

  /**
   * Memory of zeros that no file is behind and no other process sees; none of it is taken until it
   * is touched.
   *
   * @return where it begins, at the beginning of a page
   */
  static long mapAnonymous(long bytes) throws IOException {
    return callForLong(
        "mmap of " + bytes + " bytes",
        (arena, state) ->
            (long)
                MMAP.invokeExact(state, 0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L));
  }

  static void unmap(long address, long bytes) throws IOException {
    int _ = call("munmap", (arena, state) -> (int) MUNMAP.invokeExact(state, address, bytes));
  }

  /** Asks for pages of 2 MiB where such memory is touched from now on. */
  static void adviseHugePages(long address, long bytes) throws IOException {
    advise("MADV_HUGEPAGE", address, bytes, MADV_HUGEPAGE);
  }

  /**
   * Takes this memory now.
   *
   * @throws IOException if there is not so much, or Linux is older than 5.14
   */
  static void populate(long address, long bytes) throws IOException {
    advise("MADV_POPULATE_WRITE", address, bytes, MADV_POPULATE_WRITE);
  }

  private static void advise(String name, long address, long bytes, int advice) throws IOException {
    int _ =
        call(
            "madvise(" + name + ") of " + bytes + " bytes",
            (arena, state) -> (int) MADVISE.invokeExact(state, address, bytes, advice));
  }
}
