// More than one server behind a load balancer: ServerOptions::cluster.

#ifndef RUNNEL_CLUSTER_H_
#define RUNNEL_CLUSTER_H_

#include "runtime/cluster/cluster_options.h"    // IWYU pragma: export
#include "runtime/cluster/node_registry.h"      // IWYU pragma: export
#include "runtime/redis/redis_node_registry.h"  // IWYU pragma: export

#endif  // RUNNEL_CLUSTER_H_
