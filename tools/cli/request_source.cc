#include "tools/cli/request_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/limits.h"
#include "runtime/core/protobuf_json.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "tools/cli/suggestion.h"

namespace runnel::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Of a file in a bytes field: room for four thirds of it, in JSON, in one frame.
constexpr size_t kChunkBytes = 64 * 1024;
constexpr char kStandardInput[] = "-";

absl::Status CannotRead(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
}

// What is wrong with JSON, and where: the text with a mark below.
absl::Status BadJson(std::string_view place, std::string_view json, const Descriptor& type) {
  size_t position = 0;
  SkipJsonSpace(json, position);
  const absl::Status syntax = SkipJsonValue(json, 0, Limits().max_json_depth, position);
  if (!syntax.ok()) {
    const size_t line = json.rfind('\n', position == 0 ? 0 : position - 1);
    size_t begin = line == std::string_view::npos ? 0 : line + 1;
    if (position - begin > 60) begin = position - 60;
    const std::string_view shown = json.substr(begin, json.find('\n', position) - begin);
    return absl::InvalidArgumentError(absl::StrCat(AbslView(place), ": ", syntax.message(), "\n  ",
                                                   AbslView(shown.substr(0, 76)), "\n  ",
                                                   std::string(position - begin, ' '), "^"));
  }
  return absl::InvalidArgumentError(absl::StrCat(AbslView(place), ": no ", type.full_name()));
}

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->json_name());
  return names;
}

// "\nshop.v1.Item has name, count."
std::string FieldsOf(const Descriptor& type) {
  const std::vector<std::string> names = FieldNames(type);
  if (names.empty()) return absl::StrCat("\n", type.full_name(), " has no fields.");
  return absl::StrCat("\n", type.full_name(), " has ", absl::StrJoin(names, ", "), ".");
}

// Whether `json` is a message of the type, with no fields that it does not have.
absl::Status CheckJson(std::string_view place, std::string_view json, Message& message) {
  Limits limits;
  limits.unknown_json = UnknownJson::kRefuse;
  const Descriptor& type = *message.GetDescriptor();
  if (!ScanJson(json, limits.max_json_depth).ok()) return BadJson(place, json, type);
  const absl::Status read = ReadProtobufJson(json, limits, message);
  if (read.ok()) return read;
  std::string why(read.message());
  // "JSON is no valid T: name: Cannot find field."
  const std::string prefix = absl::StrCat("JSON is no valid ", type.full_name(), ": ");
  if (why.starts_with(prefix)) why.erase(0, prefix.size());
  const size_t unknown = why.find(": Cannot find field.");
  if (unknown != std::string::npos) {
    const std::string path = why.substr(0, unknown);
    const std::string field = path.substr(path.rfind('.') + 1);
    why = absl::StrCat("there is no field ", path);
    if (path == field) {
      absl::StrAppend(&why, DidYouMean(field, FieldNames(type)), FieldsOf(type));
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(AbslView(place), ": ", why));
}

}  // namespace

RequestSource::RequestSource(const Schema& schema, const Descriptor& type)
    : schema_(schema), type_(type) {}

RequestSource::~RequestSource() {
  if (file_ > STDIN_FILENO) close(file_);
  for (const int end : stop_pipe_) {
    if (end >= 0) close(end);
  }
}

absl::StatusOr<std::unique_ptr<RequestSource>> RequestSource::Of(
    const Schema& schema, const Descriptor& type, const std::vector<std::string>& words,
    bool stream) {
  std::unique_ptr<RequestSource> source(new RequestSource(schema, type));
  if (pipe2(source->stop_pipe_, O_CLOEXEC) != 0) return absl::InternalError(std::strerror(errno));
  RUNNEL_RETURN_IF_ERROR(source->Add(words, stream));
  return source;
}

absl::Status RequestSource::Add(const std::vector<std::string>& words, bool stream) {
  if (words.empty()) {
    Part part;
    (stream ? part.file : part.json) = stream ? kStandardInput : "{}";
    parts_.push_back(std::move(part));
    return absl::OkStatus();
  }
  AnyMessage message;  // of the fields so far
  std::optional<FieldArgument> chunks;
  const auto finish = [&]() -> absl::Status {
    if (message == nullptr) return absl::OkStatus();
    Part part;
    RUNNEL_RETURN_IF_ERROR(WriteProtobufJson(*message, part.json));
    parts_.push_back(std::move(part));
    message = nullptr;
    return absl::OkStatus();
  };
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool begins = word.starts_with('{') || word.starts_with('[');
    const std::optional<FieldArgument> field = FieldArgument::Parse(word);
    if (word == ",") {
      RUNNEL_RETURN_IF_ERROR(finish());
    } else if (begins) {
      RUNNEL_RETURN_IF_ERROR(finish());
      RUNNEL_ASSIGN_OR_RETURN(const AnyMessage parsed, schema_.types().New(type_.full_name()));
      RUNNEL_RETURN_IF_ERROR(CheckJson("the request", word, *parsed));
      parts_.push_back(Part{word, "", nullptr});
    } else if (word == kStandardInput || word.starts_with('@')) {
      RUNNEL_RETURN_IF_ERROR(finish());
      const std::string path = word == "@-" ? kStandardInput : word.substr(word == "-" ? 0 : 1);
      struct stat status = {};
      if (path != kStandardInput) {
        if (stat(path.c_str(), &status) != 0) return CannotRead(path);
        total_bytes_ += static_cast<uint64_t>(status.st_size);
      }
      parts_.push_back(Part{"", path, nullptr});
    } else if (field) {
      // A file by itself in a message of a stream is sent in pieces.
      const bool alone = message == nullptr && (i + 1 == words.size() || words[i + 1] == ",");
      if (stream && alone && field->File() && field->path.find('.') == std::string::npos) {
        RUNNEL_ASSIGN_OR_RETURN(const FieldDescriptor* const descriptor,
                                FindField(type_, field->path));
        if (descriptor->type() == FieldDescriptor::TYPE_BYTES && !descriptor->is_repeated()) {
          struct stat status = {};
          if (stat(field->File()->c_str(), &status) != 0) return CannotRead(*field->File());
          total_bytes_ += static_cast<uint64_t>(status.st_size);
          parts_.push_back(Part{"", *field->File(), descriptor});
          continue;
        }
      }
      if (message == nullptr) {
        RUNNEL_ASSIGN_OR_RETURN(message, schema_.types().New(type_.full_name()));
      }
      RUNNEL_RETURN_IF_ERROR(SetField(*field, *message));
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", word,
          "\" is no request: write field=value, JSON, @FILE or - (runnel help requests)",
          FieldsOf(type_)));
    }
  }
  RUNNEL_RETURN_IF_ERROR(finish());
  const bool from_file = !parts_.empty() && !parts_[0].file.empty();
  if (stream || parts_.size() == 1 || from_file) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the method takes one message, and there are ",
                                                 parts_.size(), " in the command line"));
}

absl::Status RequestSource::OpenFile(const std::string& path) {
  if (path == kStandardInput) {
    file_ = STDIN_FILENO;
  } else {
    file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) return CannotRead(path);
  }
  file_ended_ = false;
  values_.emplace(path == kStandardInput ? "standard input" : path);
  return absl::OkStatus();
}

absl::StatusOr<bool> RequestSource::ReadMore(std::string& bytes) {
  bytes.resize(kChunkBytes);
  while (true) {
    pollfd waits[] = {{file_, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return absl::InternalError(std::strerror(errno));
    if (waits[1].revents != 0) return absl::CancelledError("the call is over");
    const ssize_t got = waits[0].revents == 0 ? -1 : read(file_, bytes.data(), bytes.size());
    if (got < 0 && waits[0].revents != 0 && errno != EINTR && errno != EAGAIN) {
      return CannotRead(parts_[next_part_].file);
    }
    if (got < 0) continue;
    bytes.resize(static_cast<size_t>(got));
    if (file_ != STDIN_FILENO) read_bytes_ += static_cast<uint64_t>(got);
    return got > 0;
  }
}

absl::StatusOr<std::optional<std::string>> RequestSource::NextValue() {
  RUNNEL_ASSIGN_OR_RETURN(std::optional<std::string> json, values_->Next());
  if (!json) return json;
  RUNNEL_ASSIGN_OR_RETURN(const AnyMessage message, schema_.types().New(type_.full_name()));
  RUNNEL_RETURN_IF_ERROR(CheckJson(values_->Place(), *json, *message));
  return json;
}

absl::StatusOr<std::optional<std::string>> RequestSource::NextOf(Part& part) {
  if (part.file.empty()) {
    if (part.json.empty()) return std::optional<std::string>();
    return std::optional<std::string>(std::exchange(part.json, ""));
  }
  if (file_ < 0) RUNNEL_RETURN_IF_ERROR(OpenFile(part.file));
  std::string bytes;
  while (true) {
    if (part.chunks == nullptr) {
      RUNNEL_ASSIGN_OR_RETURN(std::optional<std::string> json, NextValue());
      if (json) return json;
    }
    if (file_ended_) return std::optional<std::string>();
    RUNNEL_ASSIGN_OR_RETURN(const bool more, ReadMore(bytes));
    if (!more) {
      file_ended_ = true;
      values_->End();
    } else if (part.chunks != nullptr) {
      RUNNEL_ASSIGN_OR_RETURN(const AnyMessage message, schema_.types().New(type_.full_name()));
      message->GetReflection()->SetString(message.get(), part.chunks, bytes);
      std::string json;
      RUNNEL_RETURN_IF_ERROR(WriteProtobufJson(*message, json));
      return std::optional<std::string>(std::move(json));
    } else {
      values_->Feed(bytes);
    }
  }
}

absl::StatusOr<std::optional<std::string>> RequestSource::Next() {
  for (; next_part_ < parts_.size(); ++next_part_) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<std::string> json, NextOf(parts_[next_part_]));
    if (json) return json;
    if (file_ > STDIN_FILENO) close(file_);
    file_ = -1;
  }
  return std::optional<std::string>();
}

absl::StatusOr<std::optional<std::string>> RequestSource::NextRead() {
  if (file_ < 0 || parts_[next_part_].chunks != nullptr) return std::optional<std::string>();
  return NextValue();
}

void RequestSource::Stop() {
  const char stop = 0;
  // A pipe that is full has said it already.
  [[maybe_unused]] const ssize_t written = write(stop_pipe_[1], &stop, 1);
}

}  // namespace runnel::cli
