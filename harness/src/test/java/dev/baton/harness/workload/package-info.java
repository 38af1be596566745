@NullMarked
package dev.baton.harness.workload;

import org.jspecify.annotations.NullMarked;
