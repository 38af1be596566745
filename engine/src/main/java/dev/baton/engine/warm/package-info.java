/** How an embedded engine starts: loaded, and then run until the JVM has compiled it. */
@NullMarked
package dev.baton.engine.warm;

import org.jspecify.annotations.NullMarked;
