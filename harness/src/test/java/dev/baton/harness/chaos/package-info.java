/** Tests of faults, and of the harness that must find what they break. */
@org.jspecify.annotations.NullMarked
package dev.baton.harness.chaos;
