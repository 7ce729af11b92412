// RequestSource gives the requests of a call, one after the other, as the command line has them:
// from arguments, files and standard input.

#ifndef TOOLS_CLI_REQUEST_SOURCE_H_
#define TOOLS_CLI_REQUEST_SOURCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "tools/cli/field_argument.h"
#include "tools/cli/json_values.h"
#include "tools/cli/schema.h"

namespace runnel::cli {

// Used by one thread at a time.
class RequestSource {
 public:
  // Understands all of `words` at once, so that nothing is sent of what is wrong; files and
  // standard input are read later. With `stream`, no words mean standard input; without, they are
  // one message.
  static absl::StatusOr<std::unique_ptr<RequestSource>> Of(const Schema& schema,
                                                           const google::protobuf::Descriptor& type,
                                                           const std::vector<std::string>& words,
                                                           bool stream);
  ~RequestSource();

  // The next message as JSON of the type; nullopt when there are no more. INVALID_ARGUMENT and
  // NOT_FOUND say where the mistake is. CANCELLED after Stop.
  absl::StatusOr<std::optional<std::string>> Next();
  // The next message where nothing has to be read or waited for; nullopt where something has.
  absl::StatusOr<std::optional<std::string>> NextRead();
  // Ends a Next that waits for standard input. On any thread.
  void Stop();

  // Of files: how many bytes they have and how many of them were read. The first is 0 where that
  // is not known, as of standard input.
  uint64_t total_bytes() const { return total_bytes_; }
  uint64_t read_bytes() const { return read_bytes_; }

 private:
  // What one message, or several, come from.
  struct Part {
    std::string json;  // a message; or
    std::string file;  // JSON values of a file, "-" for standard input; or
    const google::protobuf::FieldDescriptor* chunks = nullptr;  // pieces of a file in this field
  };

  RequestSource(const Schema& schema, const google::protobuf::Descriptor& type);
  absl::Status Add(const std::vector<std::string>& words, bool stream);
  absl::StatusOr<std::optional<std::string>> NextOf(Part& part);
  // Of what was read of the file that is open.
  absl::StatusOr<std::optional<std::string>> NextValue();
  // Reads more of the file that is open; false at its end.
  absl::StatusOr<bool> ReadMore(std::string& bytes);
  absl::Status OpenFile(const std::string& path);

  const Schema schema_;
  const google::protobuf::Descriptor& type_;
  std::vector<Part> parts_;
  size_t next_part_ = 0;
  int file_ = -1;
  bool file_ended_ = false;
  std::optional<JsonValues> values_;
  int stop_pipe_[2] = {-1, -1};
  uint64_t total_bytes_ = 0;
  uint64_t read_bytes_ = 0;
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_REQUEST_SOURCE_H_
