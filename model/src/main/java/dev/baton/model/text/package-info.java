/**
 * Between text and tokens: {@link dev.baton.model.text.Tokenizer} encodes and decodes, {@link
 * dev.baton.model.text.ChatTemplate} turns a conversation into a prompt, {@link
 * dev.baton.model.text.TextStream} turns tokens into text as they come.
 */
@NullMarked
package dev.baton.model.text;

import org.jspecify.annotations.NullMarked;
