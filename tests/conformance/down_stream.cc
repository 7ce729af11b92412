#include "tests/conformance/down_stream.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace conformance {
namespace {

absl::Status Wrong(const std::string& what) {
  return absl::FailedPreconditionError("on the stream: " + what);
}

}  // namespace

absl::Status DownStream::Read() {
  for (size_t end; (end = bytes_.find('\n', at_)) != bytes_.npos;) {
    const std::string line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    if (this->end) return Wrong("something after `event: end`: " + line);
    if (line.empty()) {
      RUNNEL_RETURN_IF_ERROR(ReadEvent());
      continue;
    }
    if (line[0] == ':') {
      ++comments;
      continue;
    }
    const size_t colon = line.find(": ");
    const std::string field = line.substr(0, colon);
    std::string* const value = field == "id"      ? &event_id_
                               : field == "event" ? &type_
                               : field == "data"  ? &data_
                                                  : nullptr;
    if (colon == line.npos || value == nullptr) return Wrong("a line that is no field: " + line);
    if (field == "data" && std::exchange(has_data_, true)) return Wrong("data in two lines");
    *value = line.substr(colon + 2);
  }
  return absl::OkStatus();
}

absl::Status DownStream::ReadEvent() {
  const std::string type = std::exchange(type_, "");
  const std::string event_id = std::exchange(event_id_, "");
  const std::string data = std::exchange(data_, "");
  if (!std::exchange(has_data_, false)) return Wrong("an event without data");
  if (type == "end") {
    if (event_id != "end") return Wrong("the event `end` has the id " + event_id);
    end = Json::parse(data, nullptr, false);
    return end->is_object() ? absl::OkStatus() : Wrong("the data of `event: end` are " + data);
  }
  if (!type.empty()) return Wrong("an event " + type);
  std::string bytes = data;
  if (codec_ == runnel::Codec::kProto) {
    if (data.find('=') != data.npos || !absl::Base64Unescape(data, &bytes)) {
      return Wrong("data that are not unpadded base64: " + data);
    }
  }
  RUNNEL_ASSIGN_OR_RETURN(Json batch, DecodeMessage(codec_, "FrameBatch", bytes));
  const size_t dash = event_id.rfind('-');
  uint64_t seq = 0;
  if (dash == event_id.npos || !absl::SimpleAtoi(event_id.substr(dash + 1), &seq)) {
    return Wrong("an event with the id " + event_id);
  }
  const uint64_t count = batch.contains("frames") ? batch["frames"].size() : 0;
  if (batch.contains("session")) {
    if (count > 0) return Wrong("an event with the session and with frames");
    session = std::move(batch["session"]);
    (*session)["eventId"] = event_id;
    return absl::OkStatus();
  }
  if (count == 0) return Wrong("an event without frames");
  if (seq < count || seq - count > last_) {
    return Wrong(absl::StrCat("frame ", seq, " ends an event of ", count, " after frame ", last_));
  }
  const uint64_t seen = last_ - (seq - count);
  for (uint64_t i = seen; i < count; ++i) frames.push_back(std::move(batch["frames"][i]));
  last_ = std::max(last_, seq);
  id = event_id;
  ++events;
  return absl::OkStatus();
}

}  // namespace conformance
