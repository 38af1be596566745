/** {@code baton profile}: hardware profiles, measured and shown, and what they predict. */
@NullMarked
package dev.baton.cli.profile;

import org.jspecify.annotations.NullMarked;
