/**
 * What Linux offers and Java does not: files without a name ({@link
 * dev.baton.kv.linux.SystemCalls}), memory in large pages ({@link
 * dev.baton.kv.linux.AnonymousMemory}).
 */
@NullMarked
package dev.baton.kv.linux;

import org.jspecify.annotations.NullMarked;
