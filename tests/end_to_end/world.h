// World is a server with a ScriptedService and a channel to it, in one of two ways: joined in
// memory, or over a real connection.

#ifndef RUNNEL_TESTS_END_TO_END_WORLD_H_
#define RUNNEL_TESTS_END_TO_END_WORLD_H_

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/channel.h"
#include "runtime/server/server.h"
#include "runtime/testing/in_process_http.h"
#include "tests/end_to_end/scripted_service.h"

namespace end_to_end {

// A copy that shares nothing with `status`. The reference counts of a status are kept by the
// prebuilt Abseil, where a thread sanitizer does not see them: one that goes to another thread goes
// as a copy.
absl::Status Copy(const absl::Status& status);

template <typename T>
T Copied(T result) {
  if constexpr (std::is_same_v<T, absl::Status>) {
    return Copy(result);
  } else if constexpr (requires { result.status(); }) {
    if (!result.ok()) return Copy(result.status());
    return result;
  } else {
    return result;
  }
}

template <typename T>
runnel::Awaitable<T> Detached(runnel::Awaitable<T> task) {
  T result = co_await std::move(task);
  co_return Copied(std::move(result));
}

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
    return io_.BlockOn(Detached(std::move(task)));
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
