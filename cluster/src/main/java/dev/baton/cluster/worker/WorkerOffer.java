package dev.baton.cluster.worker;

import dev.baton.cluster.phase.PhaseRegistration;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Lineage;
import dev.baton.kv.PoolUsage;
import dev.baton.kv.handoff.Layouts;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What a worker offers, from its start to its end, and how it tells others.
 *
 * @param role what it does
 * @param lineage of the KV that its engine makes and reads
 * @param contextTokens most positions of a sequence
 * @param vocabulary number of token ids
 * @param pool its blocks in memory
 * @param work counts the time and energy of its steps, and knows its chips
 * @param sharesChipWith id of the worker of the other role that runs on the same chips
 */
public record WorkerOffer(
    WorkerRole role,
    Lineage lineage,
    int contextTokens,
    int vocabulary,
    BlockPool pool,
    WorkMeter work,
    Optional<String> sharesChipWith) {
  /** What it says of itself in ZooKeeper. */
  WorkerRegistration registration(WorkerConfig config, WorkerEndpoints endpoints) {
    WorkerRegistration.Builder registration =
        WorkerRegistration.newBuilder()
            .setId(config.id())
            .setRole(role)
            .setPool(config.pool())
            .setControlEndpoint(endpoints.control())
            .setKvEndpoint(endpoints.kv())
            .setAdminEndpoint(endpoints.admin())
            .setPid(ProcessHandle.current().pid())
            .setHost(config.host())
            .addModels(
                ServedModel.newBuilder()
                    .setName(config.modelName())
                    .setLineage(lineage.hex())
                    .setLayout(Layouts.toProto(pool.layout()))
                    .setContextTokens(contextTokens)
                    .setVocabulary(vocabulary))
            .setBlocks(config.blocks());
    work.phases().ifPresent(each -> PhaseRegistration.write(each, registration));
    sharesChipWith.ifPresent(registration::setSharesChipWith);
    return registration.build();
  }

  /** Shows its blocks by state, and the energy of its steps where that is known. */
  public void watch(MeterRegistry meters) {
    blocks(meters, "free", PoolUsage::free);
    blocks(meters, "cached", PoolUsage::cached);
    blocks(meters, "used", PoolUsage::used);
    work.watch(meters);
  }

  private void blocks(MeterRegistry meters, String state, ToDoubleFunction<PoolUsage> count) {
    Gauge.builder("baton.blocks", pool, each -> count.applyAsDouble(each.usage()))
        .description("Blocks of the pool by state")
        .tag("state", state)
        .register(meters);
  }

  /** What it says of itself in its status: its requests, as they are given, and its blocks. */
  public WorkerLoad load(WorkerLoad.Builder requests) {
    PoolUsage usage = pool.usage();
    requests
        .setBlocksTotal(usage.total())
        .setBlocksUsed(usage.used())
        .setBlocksCached(usage.cached());
    work.write(requests);
    return requests.build();
  }
}
