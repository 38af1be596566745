/** Tests of what Linux offers and Java does not. */
package dev.baton.kv.linux;
