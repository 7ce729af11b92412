// GzipStream makes of a gzip stream that arrives in pieces what it was before, as far as it has
// come: a body that goes on for hours.

#ifndef RUNNEL_RUNTIME_WIRE_GZIP_STREAM_H_
#define RUNNEL_RUNTIME_WIRE_GZIP_STREAM_H_

#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace runnel {

// One for one body. Not thread-safe. Holds one block of output, however much comes of the input.
class GzipStream {
 public:
  GzipStream();
  ~GzipStream();

  // Gives it the next bytes. They must stay until Next has returned nullopt.
  void Feed(std::string_view bytes);
  // What comes next of what was fed, never empty, valid until the next call; nullopt when there is
  // no more. INVALID_ARGUMENT when it is not gzip, after which the stream is of no use.
  absl::StatusOr<std::optional<std::string_view>> Next();

  // Whether what came so far may be all: it is whole, or nothing.
  bool at_end() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_GZIP_STREAM_H_
