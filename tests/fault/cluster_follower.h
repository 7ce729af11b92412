// ClusterFollower reads a feed as an EventSource does, on whatever node answers, and checks that
// ids follow one another.

#ifndef RUNNEL_TESTS_FAULT_CLUSTER_FOLLOWER_H_
#define RUNNEL_TESTS_FAULT_CLUSTER_FOLLOWER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/async/awaitable.h"
#include "runtime/http/http_message.h"

namespace fault {

// Lives on one loop.
class ClusterFollower {
 public:
  // `target` is that of a GET of fault.v1.Feed's Follow, in JSON.
  ClusterFollower(std::shared_ptr<runnel::HttpClient> http, std::string target)
      : http_(std::move(http)), target_(std::move(target)) {}

  // Until it is cancelled: connects, and again whenever the stream ends.
  runnel::Awaitable<void> Run();

  // What came, from the feed's first message on: the numbers of its marks.
  const std::vector<uint32_t>& marks() const { return marks_; }
  // What must not be, if there was something: a gap, or a message that came twice.
  const std::string& fault() const { return fault_; }
  bool doubled() const { return doubled_; }
  int connections() const { return connections_; }

 private:
  // One connection. Whether there was a stream.
  runnel::Awaitable<bool> Follow();
  void Take(std::string_view id, std::string_view data);

  const std::shared_ptr<runnel::HttpClient> http_;
  const std::string target_;
  std::string last_id_;
  std::vector<uint32_t> marks_;
  std::string fault_;
  bool doubled_ = false;
  int connections_ = 0;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_CLUSTER_FOLLOWER_H_
