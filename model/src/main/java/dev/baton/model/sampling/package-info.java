/**
 * What a request asks of the choice of tokens, and what a chosen token is: values shared by router,
 * workers and engine.
 */
@NullMarked
package dev.baton.model.sampling;

import org.jspecify.annotations.NullMarked;
