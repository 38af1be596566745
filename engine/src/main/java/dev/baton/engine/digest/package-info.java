/**
 * Digests of what an engine computes: equal digests mean that two engines, two machines or two
 * versions turn the same tokens into the same bits. Start reading at {@link
 * dev.baton.engine.digest.EngineDigest}.
 */
@NullMarked
package dev.baton.engine.digest;

import org.jspecify.annotations.NullMarked;
