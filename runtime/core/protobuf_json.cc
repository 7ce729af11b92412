#include "runtime/core/protobuf_json.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/proto_scan.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::util::TypeResolver;

constexpr char kUrlPrefix[] = "type.googleapis.com";

const std::string& TypeName(const Message& message) { return message.GetDescriptor()->full_name(); }

absl::Status JsonToBinary(std::string_view json, const Limits& limits, const Message& message,
                          std::string& binary) {
  const DescriptorPool* pool = message.GetDescriptor()->file()->pool();
  static TypeResolver* const generated = google::protobuf::util::NewTypeResolverForDescriptorPool(
      kUrlPrefix, DescriptorPool::generated_pool());  // stays for good, like the pool itself
  std::unique_ptr<TypeResolver> other;
  if (pool != DescriptorPool::generated_pool()) {
    other.reset(google::protobuf::util::NewTypeResolverForDescriptorPool(kUrlPrefix, pool));
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = limits.unknown_json == UnknownJson::kIgnore;
  std::string reason;
  try {
    const auto status = google::protobuf::util::JsonToBinaryString(
        other != nullptr ? other.get() : generated,
        absl::StrCat(kUrlPrefix, "/", TypeName(message)),
        google::protobuf::StringPiece(json.data(), json.size()), &binary, options);
    if (status.ok()) return absl::OkStatus();
    reason = status.message().ToString();
  } catch (const google::protobuf::FatalException&) {
    // A check of its own failed: an Any with more than "@type" and "value" can do that.
    reason = "a key occurs twice or does not belong there";
  }
  // "path.to.field: what is wrong"; the path may be empty.
  if (reason.starts_with(": ")) reason.erase(0, 2);
  return absl::InvalidArgumentError(
      absl::StrCat("JSON is no valid ", TypeName(message), ": ", reason));
}

}  // namespace

absl::Status WriteProtobufJson(const Message& message, std::string& out) {
  google::protobuf::LogSilencer silencer;  // of what protobuf says about its own writer on errors
  const auto status = google::protobuf::util::MessageToJsonString(message, &out);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(status.message().ToString());
}

absl::Status ReadProtobufJson(std::string_view json, const Limits& limits, Message& message) {
  // protobuf's reader takes quadratic time over nested arrays and accepts what is not JSON.
  RUNNEL_RETURN_IF_ERROR(ScanJson(json, limits.max_json_depth));
  std::string binary;
  RUNNEL_RETURN_IF_ERROR(JsonToBinary(json, limits, message, binary));
  google::protobuf::LogSilencer silencer;
  if (message.ParsePartialFromString(binary)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("JSON is no valid ", TypeName(message), ": ",
                   DescribeProtoError(binary, *message.GetDescriptor())));
}

}  // namespace runnel
