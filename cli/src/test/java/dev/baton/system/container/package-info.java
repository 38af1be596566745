/**
 * System tests in containers: a real ensemble of ZooKeeper servers and Baton's own image on a real
 * Docker engine, so that networks can be cut, and processes be paused and killed, as on machines of
 * their own. {@link dev.baton.system.container.ContainerCluster} starts all of it; {@link
 * dev.baton.system.container.ContainerEngine} says what happens where there is no engine.
 */
package dev.baton.system.container;
