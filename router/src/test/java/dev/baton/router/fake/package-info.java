/**
 * Hand-written workers and clients for tests: {@link dev.baton.router.fake.House} puts a router's
 * inside together around {@link dev.baton.router.fake.FakePrefill} and {@link
 * dev.baton.router.fake.FakeDecode}, over real gRPC on loopback.
 */
@NullMarked
package dev.baton.router.fake;

import org.jspecify.annotations.NullMarked;
