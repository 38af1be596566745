/**
 * The shared memory that two processes of one host pass planes through: a segment of the kernel's
 * that has a name in no directory ({@link dev.baton.kv.shm.Segment}), and in it a ring of bytes for
 * one writer ({@link dev.baton.kv.shm.RingWriter}) and one reader ({@link
 * dev.baton.kv.shm.RingReader}), neither of which believes the other. What the bytes mean is the
 * handoff's; every byte of the ring stands in docs/handoff.md.
 */
@NullMarked
package dev.baton.kv.shm;

import org.jspecify.annotations.NullMarked;
