package dev.baton.cli.node;

import dev.baton.cluster.membership.AdvertisedEndpoints;

/**
 * Where a worker listens; a port of 0 picks a free one.
 *
 * @param control of the control services
 * @param kv where KV goes in and out
 * @param admin of /metrics, /healthz and /readyz
 * @param advertised where others reach {@code control} and {@code kv}, if not at the bound address
 */
record WorkerPorts(int control, int kv, int admin, AdvertisedEndpoints advertised) {}
