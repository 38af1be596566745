/** Tests of keys and of the block pool. */
package dev.baton.kv;
