/**
 * Whose request it is. A tenant follows from the API key and the salt of its caches from the
 * tenant; a client chooses neither.
 */
@NullMarked
package dev.baton.router.tenant;

import org.jspecify.annotations.NullMarked;
