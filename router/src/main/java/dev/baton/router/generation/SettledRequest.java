package dev.baton.router.generation;

import dev.baton.model.sampling.Sampling;
import dev.baton.router.admission.Priority;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedSet;

/**
 * A request with every value checked and chosen.
 *
 * @param id in logs of every process
 * @param model that answers
 * @param prompt its token ids; not modified
 * @param sampling every value set, the seed included
 * @param maxTokens most tokens of one answer; prompt and answer fit into the context
 * @param choices number of answers
 * @param stopStrings an answer ends before the first of them
 * @param stopTokens an answer ends at one of them, the model's own included unless the client said
 *     otherwise
 * @param logprobs alternatives to report; empty for no log-probabilities
 * @param priority how urgent it is
 * @param begun tokens that the client has of each choice already; not modified
 */
record SettledRequest(
    String id,
    TextModel model,
    int[] prompt,
    Sampling sampling,
    int maxTokens,
    int choices,
    List<String> stopStrings,
    SortedSet<Integer> stopTokens,
    OptionalInt logprobs,
    Priority priority,
    List<int[]> begun) {}
