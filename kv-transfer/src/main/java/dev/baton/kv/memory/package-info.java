/**
 * Memory outside the heap, as the operating system gives it: large and of zeros ({@link
 * dev.baton.kv.memory.AnonymousMemory}), a file's ({@link dev.baton.kv.memory.FileMemory}), and
 * files without a name to share it ({@link dev.baton.kv.memory.SystemCalls}).
 */
@NullMarked
package dev.baton.kv.memory;

import org.jspecify.annotations.NullMarked;
