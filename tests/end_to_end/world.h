// World is a server with a ScriptedService and a channel to it, in one of two ways: joined in
// memory, or over a real connection.

#ifndef RUNNEL_TESTS_END_TO_END_WORLD_H_
#define RUNNEL_TESTS_END_TO_END_WORLD_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/channel.h"
#include "runtime/server/server.h"
#include "runtime/testing/in_process_http.h"
#include "tests/end_to_end/scripted_service.h"

namespace end_to_end {

enum class Transport { kInProcess, kLoopback };

struct WorldOptions {
  Transport transport = Transport::kInProcess;
  runnel::ChannelOptions channel;
  // `listen` is the world's own affair.
  runnel::ServerOptions server;
  // Of both sides, in process only. The real one where not set.
  runnel::Clock* clock = nullptr;
  // In process: where each request, by its target, is to be cut.
  std::function<runnel::InProcessCut(const std::string& target)> cut;
};

// Used by one test, from its thread.
class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  ScriptedService& service() { return service_; }
  Journal& journal() { return service_.journal(); }
  runnel::IoThread& io() { return io_; }
  const std::shared_ptr<runnel::Channel>& channel() { return channel_; }
  Scripted::Stub& stub() { return *stub_; }
  // Over a connection only.
  runnel::Server& server();

  // In process: the number of requests so far, and of those under way.
  size_t requests();
  size_t open_exchanges();
  // In process: cuts every connection there is.
  void CutConnections();
  // In process: returns when nothing is left to do without an event from outside, the clock's
  // included.
  void Settle();

  // Takes the channel away, as a client that ends does.
  void DropChannel();

  template <typename T>
  T BlockOn(runnel::Awaitable<T> task) {
    return io_.BlockOn(std::move(task));
  }

 private:
  struct InProcess;

  ScriptedService service_;
  runnel::IoThread io_;
  std::unique_ptr<InProcess> in_process_;
  std::unique_ptr<runnel::Server> server_;
  std::shared_ptr<runnel::Channel> channel_;
  std::unique_ptr<Scripted::Stub> stub_;
};

}  // namespace end_to_end

#endif  // RUNNEL_TESTS_END_TO_END_WORLD_H_
