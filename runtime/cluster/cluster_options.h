// ClusterOptions make a server one of several behind a load balancer, of which each takes requests
// for the sessions of all (ServerOptions::cluster).

#ifndef RUNNEL_RUNTIME_CLUSTER_CLUSTER_OPTIONS_H_
#define RUNNEL_RUNTIME_CLUSTER_CLUSTER_OPTIONS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "runtime/cluster/node_registry.h"
#include "runtime/http/tls_options.h"

namespace runnel {

struct ClusterOptions {
  // Where the nodes find each other: one registry, or registries of one Redis.
  std::shared_ptr<NodeRegistry> registry;
  // Known to all nodes and nobody else, 32 bytes at least (`openssl rand -hex 32`). Whoever knows
  // it may call as anybody.
  std::string secret;
  // "host:port" where other nodes reach this one; port 0 takes a free one. Nobody else needs to
  // reach it, so it should stand in a network of the nodes' own.
  std::string listen = "127.0.0.1:0";
  // The URL by which they do ("http://10.0.0.5:7000"), where it is not that of `listen`.
  std::string advertise;
  // TLS between the nodes: as a server, and as a client of the others.
  std::optional<TlsServerOptions> tls;
  TlsClientOptions peer_tls;
  // Lets it listen beyond loopback without `tls`: in a network where everybody may read everything.
  bool allow_plaintext = false;
  // How long another node may take to accept a connection; and to answer, once its lease is gone.
  absl::Duration connect_timeout = absl::Seconds(2);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLUSTER_CLUSTER_OPTIONS_H_
