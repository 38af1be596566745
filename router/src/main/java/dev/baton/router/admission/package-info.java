/**
 * Who may start, and when: rates, fairness, priorities, deadlines, and the bounds of the router's
 * queue. {@link dev.baton.router.admission.AdmissionGate} is the edge that requests pass; behind it
 * everything is a function of what was asked, the view of the cluster and the time given. How it
 * decides stands in docs/admission.md.
 */
@NullMarked
package dev.baton.router.admission;

import org.jspecify.annotations.NullMarked;
