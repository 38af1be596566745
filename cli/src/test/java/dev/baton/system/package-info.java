/**
 * System tests: real processes, a real ZooKeeper, real clients. {@link
 * dev.baton.system.SystemCluster} starts what they need; each test class drives one side of it.
 */
package dev.baton.system;
