package dev.baton.cli.node;

import java.util.Optional;

/**
 * Where a worker listens; a port of 0 picks a free one.
 *
 * @param control of the control services
 * @param kv where KV goes in and out
 * @param admin of /metrics, /healthz and /readyz
 * @param advertisedKvEndpoint where others reach {@code kv}, if not at the bound address
 */
record WorkerPorts(int control, int kv, int admin, Optional<String> advertisedKvEndpoint) {}
