// RedisServer is a real redis-server for a test, with a folder of its own.

#ifndef RUNNEL_RUNTIME_TESTING_REDIS_SERVER_H_
#define RUNNEL_RUNTIME_TESTING_REDIS_SERVER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace runnel {

// Blocks. Ends with the process that made it, if not before.
class RedisServer {
 public:
  // `arguments` as on redis-server's command line: {"--appendonly", "yes"}. Without any it keeps
  // nothing on disk.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Returns when it answers. Again after Kill, with what that left in the folder.
  absl::Status Start();
  void Kill();    // kill -9
  void Stop();    // in order
  void Freeze();  // it is there, and does nothing
  void Thaw();

  std::string url() const;          // of its Unix socket
  std::string tcp_address() const;  // "127.0.0.1:40123", the same after a restart
  const std::string& folder() const { return folder_; }

 private:
  absl::Status StartOnce();
  bool Answers() const;

  const std::vector<std::string> arguments_;
  std::string folder_;
  int port_ = 0;
  int pid_ = -1;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TESTING_REDIS_SERVER_H_
