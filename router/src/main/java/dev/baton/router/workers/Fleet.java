package dev.baton.router.workers;

import dev.baton.cluster.phase.PhaseModel;
import java.util.Collection;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What all workers that serve a model cost and take together, used or not.
 *
 * @param dollarsPerHour price of their chips; empty where one of them has none
 * @param joules that they took since each of them started, idle time included, by their own word;
 *     empty where one of them did not say
 */
public record Fleet(OptionalDouble dollarsPerHour, OptionalDouble joules) {
  private static final double HOUR = 3600;

  static Fleet of(Collection<WorkerLink> workers) {
    Set<String> ids = workers.stream().map(each -> each.ref().id()).collect(Collectors.toSet());
    Collection<WorkerLink> chips =
        workers.stream()
            .filter(each -> {
              // Two workers on one chip: the chip is paid once.
              String other = each.registration().getSharesChipWith();
              return !ids.contains(other) || each.ref().id().compareTo(other) < 0;
            })
            .toList();
    return new Fleet(sum(chips, Fleet::dollarsPerHour), sum(workers, WorkerLink::joules));
  }

  private static OptionalDouble dollarsPerHour(WorkerLink worker) {
    return worker
        .times()
        .model()
        .map((PhaseModel model) -> model.dollars(HOUR))
        .orElse(OptionalDouble.empty());
  }

  /** Empty where one of them has no figure, or there are none. */
  private static OptionalDouble sum(
      Collection<WorkerLink> workers, Function<WorkerLink, OptionalDouble> figure) {
    double sum = 0;
    for (WorkerLink each : workers) {
      OptionalDouble value = figure.apply(each);
      if (value.isEmpty()) {
        return value;
      }
      sum += value.getAsDouble();
    }
    return workers.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(sum);
  }
}
