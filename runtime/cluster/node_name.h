// The names of nodes, and where they stand in the ids of sessions: "<node>-<id>".

#ifndef RUNNEL_RUNTIME_CLUSTER_NODE_NAME_H_
#define RUNNEL_RUNTIME_CLUSTER_NODE_NAME_H_

#include <string>
#include <string_view>

namespace runnel {

// One that no process has had: 64 random bits as 16 hexadecimal digits.
std::string NewNodeName();

// The node that a session belongs to, by the value of a header `Runnel-Session: <id>.<secret>`;
// empty where it names none. From the client: anything may stand there that looks like a name.
std::string_view NodeOfSession(std::string_view runnel_session);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLUSTER_NODE_NAME_H_
