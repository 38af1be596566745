/** Tests of the transport: pure parts alone, the protocol over real connections on loopback. */
package dev.baton.kv.transport;
