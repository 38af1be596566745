/**
 * Strict YAML: every key is known, every quantity has its unit, and a fault names file, path and
 * what would be right. Start reading at {@link dev.baton.cluster.config.YamlFields}.
 */
@NullMarked
package dev.baton.cluster.config;

import org.jspecify.annotations.NullMarked;
