#include "runtime/client/message_types.h"

#include <algorithm>
#include <climits>
#include <cstddef>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

constexpr size_t kShownNames = 10;

// What is wrong with a file, in one line.
class Errors final : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& /*file*/, const std::string& element,
                const google::protobuf::Message* /*descriptor*/, ErrorLocation /*location*/,
                const std::string& message) override {
    absl::StrAppend(&text_, text_.empty() ? "" : "; ", element, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Puts files into a pool, behind those they import.
class Builder {
 public:
  Builder(const FileDescriptorSet& set, DescriptorPool& pool) : pool_(pool) {
    for (const FileDescriptorProto& file : set.file()) files_.emplace(file.name(), &file);
  }

  absl::StatusOr<const FileDescriptor*> Build(const FileDescriptorProto& file) {
    if (const FileDescriptor* const built = pool_.FindFileByName(file.name())) return built;
    if (!under_way_.insert(file.name()).second) {
      return absl::InvalidArgumentError(absl::StrCat(file.name(), " imports itself"));
    }
    for (const std::string& name : file.dependency()) RUNNEL_RETURN_IF_ERROR(Import(file, name));
    Errors errors;
    const FileDescriptor* const built = pool_.BuildFileCollectingErrors(file, &errors);
    if (built != nullptr) return built;
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(), " in the descriptor set is not valid: ", errors.text()));
  }

 private:
  absl::Status Import(const FileDescriptorProto& importing, const std::string& name) {
    const auto found = files_.find(name);
    if (found != files_.end()) return Build(*found->second).status();
    const FileDescriptor* const own = DescriptorPool::generated_pool()->FindFileByName(name);
    if (own == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(importing.name(), " imports ", name,
                       ", which the descriptor set lacks: protoc --include_imports puts it in"));
    }
    FileDescriptorProto copy;
    own->CopyTo(&copy);
    return Build(copy).status();
  }

  DescriptorPool& pool_;
  std::map<std::string, const FileDescriptorProto*> files_;
  std::set<std::string> under_way_;  // or built
};

void AddNames(const Descriptor& type, std::vector<std::string>& names) {
  if (type.options().map_entry()) return;
  names.push_back(type.full_name());
  for (int i = 0; i < type.nested_type_count(); ++i) AddNames(*type.nested_type(i), names);
}

}  // namespace

struct MessageTypes::Types {
  DescriptorPool pool;
  mutable google::protobuf::DynamicMessageFactory factory{&pool};
  std::vector<std::string> names;
};

MessageTypes::MessageTypes(std::shared_ptr<const Types> types) : types_(std::move(types)) {}

absl::StatusOr<MessageTypes> MessageTypes::FromDescriptorSet(std::string_view bytes) {
  FileDescriptorSet set;
  if (bytes.size() > INT_MAX || !set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("this is no descriptor set, which protoc writes");
  }
  if (set.file_size() == 0) return absl::InvalidArgumentError("the descriptor set has no files");
  auto types = std::make_shared<Types>();
  Builder builder(set, types->pool);
  for (const FileDescriptorProto& file : set.file()) {
    RUNNEL_ASSIGN_OR_RETURN(const FileDescriptor* const built, builder.Build(file));
    for (int i = 0; i < built->message_type_count(); ++i) {
      AddNames(*built->message_type(i), types->names);
    }
  }
  std::sort(types->names.begin(), types->names.end());
  types->names.erase(std::unique(types->names.begin(), types->names.end()), types->names.end());
  return MessageTypes(std::move(types));
}

absl::StatusOr<MessageTypes> MessageTypes::FromFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file || !bytes) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  absl::StatusOr<MessageTypes> types = FromDescriptorSet(bytes.str());
  if (types.ok()) return types;
  return absl::Status(types.status().code(), absl::StrCat(path, ": ", types.status().message()));
}

absl::StatusOr<const Descriptor*> MessageTypes::Find(std::string_view type) const {
  const Descriptor* const found = types_->pool.FindMessageTypeByName(std::string(type));
  if (found != nullptr) return found;
  // One of the same name elsewhere helps more than the first ones of all.
  const size_t dot = type.rfind('.');
  const std::string last(dot == std::string_view::npos ? type : type.substr(dot + 1));
  std::vector<std::string> shown;
  for (const std::string& name : types_->names) {
    if (name == last || name.ends_with("." + last)) shown.push_back(name);
  }
  if (shown.empty()) shown = types_->names;
  const bool all = shown.size() <= kShownNames;
  if (!all) shown.resize(kShownNames);
  return absl::NotFoundError(absl::StrCat("no message type ", std::string(type),
                                          " in the descriptor set, which has ",
                                          absl::StrJoin(shown, ", "), all ? "" : ", …"));
}

absl::StatusOr<AnyMessage> MessageTypes::New(std::string_view type) const {
  RUNNEL_ASSIGN_OR_RETURN(const Descriptor* const descriptor, Find(type));
  return AnyMessage(types_->factory.GetPrototype(descriptor)->New(),
                    [types = types_](google::protobuf::Message* message) { delete message; });
}

const std::vector<std::string>& MessageTypes::names() const { return types_->names; }

}  // namespace runnel
