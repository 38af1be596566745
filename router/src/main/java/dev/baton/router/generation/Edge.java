package dev.baton.router.generation;

/**
 * One way from a state to another.
 *
 * @param from one state
 * @param to the next
 * @param when what happens then
 */
record Edge<S extends Enum<S>>(S from, S to, String when) {}
