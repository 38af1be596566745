/**
 * What people configure, checked: in strict YAML ({@link dev.baton.cluster.config.YamlFields})
 * every key is known and every quantity has its unit; values of all kinds pass {@link
 * dev.baton.cluster.config.Require}. A fault names the field and what would be right.
 */
@NullMarked
package dev.baton.cluster.config;

import org.jspecify.annotations.NullMarked;
