#include "codegen/model/descriptor_reader.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "codegen/model/api_reader.h"
#include "codegen/model/comment.h"
#include "codegen/model/cpp_names.h"
#include "runnel/v1/options.pb.h"

namespace runnel::codegen {
namespace {

namespace pb = google::protobuf;
namespace pbcpp = google::protobuf::compiler::cpp;
using NameSet = std::set<std::string, std::less<>>;

std::vector<std::string> PackageParts(const pb::FileDescriptor& file) {
  return absl::StrSplit(file.package(), '.', absl::SkipEmpty());
}

// protobuf's generator writes a package out as it is, whatever its words mean in C++.
absl::Status CheckPackage(const pb::FileDescriptor& file) {
  for (const std::string& part : PackageParts(file)) {
    if (!IsCppWord(part)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "package \"", file.package(), "\" of ", file.name(), " cannot be a C++ namespace: \"", part,
        "\" is a word of the language, and protobuf's own C++ code does not compile either; ",
        "rename that part of the package (\"", part, "_\")"));
  }
  return absl::OkStatus();
}

absl::Status CheckMessage(const pb::Descriptor& message) {
  const pb::FileDescriptor& file = *message.file();
  if (absl::Status package = CheckPackage(file); !package.ok()) return package;
  // protobuf escapes most keywords in message names, but not those that are new in C++20.
  if (IsCppWord(pbcpp::ClassName(&message))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "message \"", message.full_name(), "\" of ", file.name(), " cannot be a C++20 class: \"",
        message.name(), "\" is a word of the language that protobuf's generator does not escape; ",
        "rename the message"));
  }
  if (file.options().optimize_for() == pb::FileOptions::LITE_RUNTIME) {
    return absl::InvalidArgumentError(absl::StrCat(
        "message \"", message.full_name(), "\" of ", file.name(),
        " cannot be sent: it is generated for the lite runtime, which has no JSON; remove ",
        "\"option optimize_for = LITE_RUNTIME\" from that file"));
  }
  return absl::OkStatus();
}

template <typename Descriptor>
Comment ReadComment(const Descriptor& descriptor) {
  pb::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  return MakeComment(location.leading_comments, location.trailing_comments);
}

// Words that no service class can be called: its members are, or code beside it means a namespace.
bool IsReservedForServices(std::string_view name) {
  static const NameSet kNames = {
      "Service",        "Stub",   "StubInterface",     "absl", "boost",  "google",
      "kRunnelMethods", "runnel", "service_full_name", "std",  "testing"};
  return IsCppWord(name) || kNames.count(name) != 0;
}

bool IsReservedForMethods(std::string_view name, std::string_view mock) {
  static const NameSet kMembers = {
      "Service",         "Stub",           "StubInterface",   "kRunnelMethods", "runnel_drain",
      "runnel_handlers", "runnel_methods", "runnel_channel_", "runnel_start"};
  return IsCppWord(name) || IsCallableMacro(name) || kMembers.count(name) != 0 || name == mock;
}

void AddEnum(const pb::EnumDescriptor& type, NameSet& names) {
  std::string name = pbcpp::ClassName(&type);
  for (const char* suffix :
       {"", "_ARRAYSIZE", "_IsValid", "_MAX", "_MIN", "_Name", "_Parse", "_descriptor"}) {
    names.insert(name + suffix);
  }
  for (int i = 0; i < type.value_count(); ++i) {
    std::string value = pbcpp::EnumValueName(type.value(i));
    names.insert(type.containing_type() == nullptr ? value : absl::StrCat(name, "_", value));
  }
}

void AddMessage(const pb::Descriptor& type, NameSet& names) {
  names.insert(pbcpp::ClassName(&type));
  for (int i = 0; i < type.nested_type_count(); ++i) AddMessage(*type.nested_type(i), names);
  for (int i = 0; i < type.enum_type_count(); ++i) AddEnum(*type.enum_type(i), names);
}

// Chooses the names of service classes. They share a namespace with what protobuf generates for
// the same package, in this file and in those that it sees.
class ServiceNames {
 public:
  struct Names {
    std::vector<std::string> classes;
    std::vector<std::string> mocks;
  };

  const Names& Of(const pb::FileDescriptor& file) {
    auto known = names_.find(&file);
    if (known != names_.end()) return known->second;

    NameSet taken, visited;
    AddVisible(file, file.package(), visited, taken);
    std::vector<std::string> wanted;
    for (int i = 0; i < file.service_count(); ++i) wanted.push_back(file.service(i)->name());
    Names names;
    names.classes = ChooseNames(wanted, IsReservedForServices, taken);
    std::vector<std::string> mocks;
    for (const std::string& name : names.classes)
      mocks.push_back(absl::StrCat("Mock", name, "Stub"));
    names.mocks = ChooseNames(mocks, IsReservedForServices, taken);
    return names_.emplace(&file, std::move(names)).first->second;
  }

 private:
  void AddVisible(const pb::FileDescriptor& file, const std::string& package, NameSet& visited,
                  NameSet& taken) {
    for (int i = 0; i < file.dependency_count(); ++i) {
      const pb::FileDescriptor& import = *file.dependency(i);
      if (!visited.insert(import.name()).second) continue;
      AddVisible(import, package, visited, taken);
      if (import.package() != package) continue;
      const Names& services = Of(import);
      taken.insert(services.classes.begin(), services.classes.end());
      taken.insert(services.mocks.begin(), services.mocks.end());
    }
    if (file.package() != package) {
      // Package a.b is a namespace b in package a.
      std::string prefix = package.empty() ? "" : package + ".";
      if (file.package().rfind(prefix, 0) == 0) {
        std::string inner = file.package().substr(prefix.size());
        taken.insert(inner.substr(0, inner.find('.')));
      }
      return;
    }
    for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i), taken);
    for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i), taken);
    for (int i = 0; i < file.extension_count(); ++i) taken.insert(file.extension(i)->name());
  }

  std::map<const pb::FileDescriptor*, Names> names_;
};

CallKind KindOf(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) {
    return method.server_streaming() ? CallKind::kBidi : CallKind::kClientStream;
  }
  return method.server_streaming() ? CallKind::kServerStream : CallKind::kUnary;
}

Idempotency IdempotencyOf(const pb::MethodDescriptor& method) {
  switch (method.options().idempotency_level()) {
    case pb::MethodOptions::NO_SIDE_EFFECTS:
      return Idempotency::kNoSideEffects;
    case pb::MethodOptions::IDEMPOTENT:
      return Idempotency::kIdempotent;
    case pb::MethodOptions::IDEMPOTENCY_UNKNOWN:
      break;
  }
  return Idempotency::kUnknown;
}

absl::StatusOr<Method> ReadMethod(const pb::MethodDescriptor& descriptor, std::string cpp_name) {
  for (const pb::Descriptor* type : {descriptor.input_type(), descriptor.output_type()}) {
    if (absl::Status usable = CheckMessage(*type); !usable.ok()) return usable;
  }
  Method method;
  method.full_name = descriptor.full_name();
  method.path = absl::StrCat("/", descriptor.service()->full_name(), "/", descriptor.name());
  method.cpp_name = std::move(cpp_name);
  method.request_type = pbcpp::QualifiedClassName(descriptor.input_type());
  method.response_type = pbcpp::QualifiedClassName(descriptor.output_type());
  method.kind = KindOf(descriptor);
  method.idempotency = IdempotencyOf(descriptor);
  method.resumable = descriptor.options().GetExtension(runnel::v1::resumable);
  method.deprecated = descriptor.options().deprecated();
  method.comment = ReadComment(descriptor);
  if (method.resumable && method.kind != CallKind::kServerStream) {
    return absl::InvalidArgumentError(
        absl::StrCat("method \"", method.full_name,
                     "\" cannot be resumable: only a server stream can; remove the option "
                     "(runnel.v1.resumable)"));
  }
  absl::StatusOr<std::optional<Api>> api = ReadApi(descriptor);
  if (!api.ok()) return api.status();
  method.api = *std::move(api);
  return method;
}

absl::StatusOr<Service> ReadService(const pb::ServiceDescriptor& descriptor, std::string cpp_name,
                                    std::string mock_name) {
  Service service;
  service.full_name = descriptor.full_name();
  service.cpp_name = std::move(cpp_name);
  service.mock_name = std::move(mock_name);
  service.deprecated = descriptor.options().deprecated();
  service.comment = ReadComment(descriptor);

  std::vector<std::string> wanted;
  for (int i = 0; i < descriptor.method_count(); ++i)
    wanted.push_back(descriptor.method(i)->name());
  NameSet taken;
  std::vector<std::string> names = ChooseNames(
      wanted,
      [&service](std::string_view name) { return IsReservedForMethods(name, service.mock_name); },
      taken);
  for (int i = 0; i < descriptor.method_count(); ++i) {
    absl::StatusOr<Method> method = ReadMethod(*descriptor.method(i), names[i]);
    if (!method.ok()) return method.status();
    service.methods.push_back(*std::move(method));
  }
  if (absl::Status apis = CheckApis(descriptor); !apis.ok()) return apis;
  for (int i = 0; i < descriptor.method_count(); ++i) {
    std::string when = WhenBeside(*descriptor.method(i));
    if (!when.empty()) service.methods[i].api->when = std::move(when);
  }
  return service;
}

bool NamesDeprecated(const pb::FileDescriptor& file) {
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    if (service.options().deprecated()) return true;
    for (int j = 0; j < service.method_count(); ++j) {
      const pb::MethodDescriptor& method = *service.method(j);
      if (method.options().deprecated()) return true;
      for (const pb::Descriptor* type : {method.input_type(), method.output_type()}) {
        // A file's option deprecates every message in it.
        if (type->options().deprecated() || type->file()->options().deprecated()) return true;
      }
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<File> ReadFile(const pb::FileDescriptor& descriptor) {
  if (absl::Status package = CheckPackage(descriptor); !package.ok()) return package;
  if (descriptor.service_count() > 0 && descriptor.options().cc_generic_services()) {
    return absl::InvalidArgumentError(absl::StrCat(
        descriptor.name(), " sets cc_generic_services, with which protobuf generates a class \"",
        descriptor.service(0)->name(), "\" of its own in the same place; remove the option"));
  }
  File file;
  file.path = descriptor.name();
  file.stem = pbcpp::StripProto(descriptor.name());
  file.cpp_namespace = absl::StrJoin(PackageParts(descriptor), "::");
  file.names_deprecated = NamesDeprecated(descriptor);
  ServiceNames names;
  const ServiceNames::Names& chosen = names.Of(descriptor);
  for (int i = 0; i < descriptor.service_count(); ++i) {
    absl::StatusOr<Service> service =
        ReadService(*descriptor.service(i), chosen.classes[i], chosen.mocks[i]);
    if (!service.ok()) return service.status();
    file.services.push_back(*std::move(service));
  }
  return file;
}

}  // namespace runnel::codegen
