// Proxied is a server, something between, and a channel to it that notes what it tells.

#ifndef RUNNEL_TESTS_PROXIES_PROXIED_H_
#define RUNNEL_TESTS_PROXIES_PROXIED_H_

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "runtime/async/io_thread.h"
#include "runtime/client/channel.h"
#include "runtime/server/server.h"
#include "tests/end_to_end/scripted_service.h"

namespace proxies {

class Proxied {
 public:
  explicit Proxied(runnel::ServerOptions options = {}) : server_(OnFreePort(std::move(options))) {
    if (!server_.AddService(service_).ok() || !server_.Start().ok()) std::abort();
  }
  ~Proxied() {
    stub_.reset();
    service_.journal().Add("release");
    server_.Shutdown(absl::ZeroDuration());
  }

  // What is between passes on to this port.
  int port() const { return server_.port(); }

  // A channel to what is between.
  void Connect(const std::string& url, runnel::ChannelOptions options = {}) {
    options.on_status = [this](const runnel::ChannelStatus& status) {
      std::lock_guard lock(mutex_);
      if (status.state == runnel::ChannelState::kConnected &&
          status_.state == runnel::ChannelState::kResuming) {
        ++resumed_;
      }
      status_ = status;
      changed_.notify_all();
    };
    stub_ = std::make_unique<end_to_end::Scripted::Stub>(
        runnel::Channel::Connect(io_.executor(), url, std::move(options)));
  }

  runnel::IoThread& io() { return io_; }
  end_to_end::Scripted::Stub& stub() { return *stub_; }
  end_to_end::Journal& journal() { return service_.journal(); }

  bool polling() const {
    std::lock_guard lock(mutex_);
    return status_.polling;
  }
  // How often the session had lost its stream and has another.
  int resumed() const {
    std::lock_guard lock(mutex_);
    return resumed_;
  }
  // Blocks until that has been so often. False when it takes for ever.
  bool AwaitResumed(int times) const {
    return Await([&] { return resumed_ >= times; });
  }
  bool AwaitPolling() const {
    return Await([&] { return status_.polling; });
  }

 private:
  static runnel::ServerOptions OnFreePort(runnel::ServerOptions options) {
    options.listen = "127.0.0.1:0";
    return options;
  }

  bool Await(const std::function<bool()>& condition) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, std::chrono::system_clock::now() + std::chrono::seconds(60),
                               condition);
  }

  end_to_end::ScriptedService service_;
  runnel::Server server_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  runnel::ChannelStatus status_;
  int resumed_ = 0;
  runnel::IoThread io_;
  std::unique_ptr<end_to_end::Scripted::Stub> stub_;
};

}  // namespace proxies

#endif  // RUNNEL_TESTS_PROXIES_PROXIED_H_
