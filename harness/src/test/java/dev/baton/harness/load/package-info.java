@NullMarked
package dev.baton.harness.load;

import org.jspecify.annotations.NullMarked;
