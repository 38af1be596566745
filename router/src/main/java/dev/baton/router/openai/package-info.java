/**
 * The HTTP front door, in the words of the OpenAI API. {@link dev.baton.router.openai.OpenAiDoor}
 * has the routes; requests are read into {@code baton.v1} by the {@code *Request} classes and
 * answered in the form of an {@code AnswerFormat}. What a request means is decided in {@code
 * dev.baton.router.generation}.
 */
@NullMarked
package dev.baton.router.openai;

import org.jspecify.annotations.NullMarked;
