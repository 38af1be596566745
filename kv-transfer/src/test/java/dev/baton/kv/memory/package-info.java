/** Tests of memory outside the heap. */
package dev.baton.kv.memory;
