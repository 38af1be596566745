/** {@code baton chat}: a conversation with a model, through the Java SDK. */
@NullMarked
package dev.baton.cli.chat;

import org.jspecify.annotations.NullMarked;
