// ExampleServer is what a test of a service needs: a real server on a free port of the loopback
// interface, and a client's side of it.

#ifndef SERVICES_EXAMPLES_SHARED_EXAMPLE_SERVER_H_
#define SERVICES_EXAMPLES_SHARED_EXAMPLE_SERVER_H_

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "runnel/client.h"
#include "runnel/server.h"

namespace examples {

class ExampleServer {
 public:
  // The services outlive it.
  explicit ExampleServer(std::initializer_list<runnel::Service*> services) : server_(Options()) {
    for (runnel::Service* service : services) {
      absl::Status added = server_.AddService(*service);
      EXPECT_TRUE(added.ok()) << added;
    }
    absl::Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << started;
    channel_ = runnel::Channel::Connect(io_.executor(), url());
  }

  std::string url() const { return server_.url(); }
  runnel::Server& server() { return server_; }
  const std::shared_ptr<runnel::Channel>& channel() const { return channel_; }

  template <typename T>
  T BlockOn(runnel::Awaitable<T> task) {
    return io_.BlockOn(std::move(task));
  }
  // The next message of a stream; fails the test where there is none.
  template <typename Stream>
  auto Next(Stream& stream) {
    auto message = BlockOn(stream.Read());
    EXPECT_TRUE(message.ok()) << message.status();
    using Message = typename std::decay_t<decltype(*message)>::value_type;
    if (!message.ok()) return Message();
    EXPECT_TRUE(message->has_value()) << "the stream has ended";
    return message->value_or(Message());
  }
  // The status with which a stream ends that has no further message.
  template <typename Stream>
  absl::Status End(Stream& stream) {
    auto message = BlockOn(stream.Read());
    EXPECT_FALSE(message.ok() && message->has_value()) << "the stream goes on";
    return message.status();
  }

 private:
  static runnel::ServerOptions Options() {
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 2;
    return options;
  }

  runnel::Server server_;
  runnel::IoThread io_;
  std::shared_ptr<runnel::Channel> channel_;
};

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_EXAMPLE_SERVER_H_
