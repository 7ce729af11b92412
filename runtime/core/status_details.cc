#include "runtime/core/status_details.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

constexpr std::string_view kUrlPrefix = "type.googleapis.com/";
constexpr std::string_view kErrorInfoType = "google.rpc.ErrorInfo";
constexpr std::string_view kDomain = "runnel";
// Stands before the number of a type's second detail, and of those that follow; names of types do
// not have it.
constexpr char kNumberMark = '#';
// absl::Status looks them through one by one, and a peer may send any number.
constexpr int kMaxPayloads = 64;

std::string TypeUrl(std::string_view type) {
  return absl::StrCat(AbslView(kUrlPrefix), AbslView(type));
}

// Fields of length-delimited type, which is all that ErrorInfo has.
constexpr uint32_t Tag(int field) { return static_cast<uint32_t>(field) << 3 | 2; }
constexpr uint32_t kReason = Tag(1), kDomainField = Tag(2), kMetadata = Tag(3);
constexpr uint32_t kEntryKey = Tag(1), kEntryValue = Tag(2);

void WriteBytes(uint32_t tag, const std::string& value, CodedOutputStream& out) {
  out.WriteTag(tag);
  out.WriteVarint32(static_cast<uint32_t>(value.size()));
  out.WriteString(value);
}

bool ReadBytes(CodedInputStream& in, std::string& value) {
  uint32_t size;
  return in.ReadVarint32(&size) && in.ReadString(&value, static_cast<int>(size));
}

bool SkipField(CodedInputStream& in, uint32_t tag) {
  uint64_t ignored;
  uint32_t size;
  switch (tag & 7) {
    case 0:
      return in.ReadVarint64(&ignored);
    case 1:
      return in.Skip(8);
    case 2:
      return in.ReadVarint32(&size) && in.Skip(static_cast<int>(size));
    case 5:
      return in.Skip(4);
    default:
      return false;
  }
}

std::string EncodeEntry(const std::string& key, const std::string& value) {
  std::string bytes;
  StringOutputStream stream(&bytes);
  CodedOutputStream out(&stream);
  WriteBytes(kEntryKey, key, out);
  WriteBytes(kEntryValue, value, out);
  out.Trim();
  return bytes;
}

std::string EncodeErrorInfo(const ErrorInfo& info) {
  std::string bytes;
  StringOutputStream stream(&bytes);
  CodedOutputStream out(&stream);
  if (!info.reason.empty()) WriteBytes(kReason, info.reason, out);
  if (!info.domain.empty()) WriteBytes(kDomainField, info.domain, out);
  for (const auto& [key, value] : info.metadata) {
    WriteBytes(kMetadata, EncodeEntry(key, value), out);
  }
  out.Trim();
  return bytes;
}

bool DecodeEntry(const std::string& bytes, ErrorInfo& info) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  std::string key, value;
  while (uint32_t tag = in.ReadTag()) {
    const bool ok = tag == kEntryKey     ? ReadBytes(in, key)
                    : tag == kEntryValue ? ReadBytes(in, value)
                                         : SkipField(in, tag);
    if (!ok) return false;
  }
  if (!in.ConsumedEntireMessage()) return false;
  info.metadata[std::move(key)] = std::move(value);
  return true;
}

bool DecodeErrorInfo(const std::string& bytes, ErrorInfo& info) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  std::string entry;
  while (uint32_t tag = in.ReadTag()) {
    const bool ok = tag == kReason        ? ReadBytes(in, info.reason)
                    : tag == kDomainField ? ReadBytes(in, info.domain)
                    : tag == kMetadata    ? ReadBytes(in, entry) && DecodeEntry(entry, info)
                                          : SkipField(in, tag);
    if (!ok) return false;
  }
  return in.ConsumedEntireMessage();
}

}  // namespace

std::vector<StatusDetail> GetDetails(const absl::Status& status) {
  std::vector<std::pair<int, StatusDetail>> numbered;
  status.ForEachPayload([&numbered](absl::string_view url, const absl::Cord& value) {
    std::string_view type = StdView(url);
    if (!type.starts_with(kUrlPrefix)) return;
    type.remove_prefix(kUrlPrefix.size());
    int number = 1;
    const size_t sharp = type.find(kNumberMark);
    if (sharp != type.npos && !absl::SimpleAtoi(AbslView(type.substr(sharp + 1)), &number)) return;
    numbered.push_back({number, {std::string(type.substr(0, sharp)), std::string(value)}});
  });
  std::sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.type, a.first) < std::tie(b.second.type, b.first);
  });
  std::vector<StatusDetail> details;
  details.reserve(numbered.size());
  for (auto& [number, detail] : numbered) details.push_back(std::move(detail));
  return details;
}

void AddDetail(absl::Status& status, const StatusDetail& detail) {
  if (detail.type.find(kNumberMark) != detail.type.npos) return;
  int payloads = 0;
  status.ForEachPayload([&payloads](absl::string_view, const absl::Cord&) { ++payloads; });
  if (payloads >= kMaxPayloads) return;
  std::string url = TypeUrl(detail.type);
  for (int number = 2; status.GetPayload(url).has_value(); ++number) {
    url = absl::StrCat(TypeUrl(detail.type), std::string(1, kNumberMark), number);
  }
  status.SetPayload(url, absl::Cord(detail.value));
}

void AddDetail(absl::Status& status, const google::protobuf::Message& detail) {
  std::string value;
  detail.AppendPartialToString(&value);
  AddDetail(status, StatusDetail{detail.GetDescriptor()->full_name(), std::move(value)});
}

absl::Status WithErrorInfo(absl::Status status, const ErrorInfo& info) {
  status.SetPayload(TypeUrl(kErrorInfoType), absl::Cord(EncodeErrorInfo(info)));
  return status;
}

std::optional<ErrorInfo> GetErrorInfo(const absl::Status& status) {
  const auto payload = status.GetPayload(TypeUrl(kErrorInfoType));
  if (!payload.has_value()) return std::nullopt;
  ErrorInfo info;
  if (!DecodeErrorInfo(std::string(*payload), info)) return std::nullopt;
  return info;
}

std::string ReasonOf(const absl::Status& status) {
  std::optional<ErrorInfo> info = GetErrorInfo(status);
  if (!info.has_value() || info->domain != kDomain) return std::string();
  return std::move(info->reason);
}

}  // namespace runnel
