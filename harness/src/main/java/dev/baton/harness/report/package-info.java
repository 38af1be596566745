/**
 * From what was observed to figures: exact quantiles, goodput, series over time, JSON, a table and
 * one HTML page. Start at {@link dev.baton.harness.report.RunReport}.
 */
@NullMarked
package dev.baton.harness.report;

import org.jspecify.annotations.NullMarked;
