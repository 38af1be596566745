/** The servers, each a command of its own: router, prefill worker, decode worker, ZooKeeper. */
@NullMarked
package dev.baton.cli.node;

import org.jspecify.annotations.NullMarked;
