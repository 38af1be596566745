/**
 * Reads a model's JSON files so that every fault names the file and the field. Start from {@link
 * dev.baton.model.json.JsonFields}.
 */
@NullMarked
package dev.baton.model.json;

import org.jspecify.annotations.NullMarked;
