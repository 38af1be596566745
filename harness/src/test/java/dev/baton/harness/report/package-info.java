@NullMarked
package dev.baton.harness.report;

import org.jspecify.annotations.NullMarked;
