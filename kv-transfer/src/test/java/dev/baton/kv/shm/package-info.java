/** Tests of the memory that processes share, and of the ring in it. */
package dev.baton.kv.shm;
