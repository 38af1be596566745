/** Tests of the handoff: pure parts alone, the protocol over real connections on loopback. */
package dev.baton.kv.handoff;
