#include "tools/cli/schema.h"

#include <algorithm>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "runnel/v1/options.pb.h"
#include "runtime/core/status_macros.h"
#include "tools/cli/suggestion.h"

namespace runnel::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr size_t kShownNames = 12;

// Whether `name` is `full`, or its last parts.
bool IsEndOf(std::string_view name, std::string_view full) {
  if (!full.ends_with(name)) return false;
  return full.size() == name.size() || full[full.size() - name.size() - 1] == '.';
}

std::string Dotted(std::string_view name) {
  while (name.starts_with('/') || name.starts_with('.')) name.remove_prefix(1);
  std::string dotted(name);
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  return dotted;
}

// The one of `all` that `name` names; nullptr when none does.
template <typename D>
absl::StatusOr<const D*> Unique(std::string_view name, const std::vector<const D*>& all) {
  const D* found = nullptr;
  std::vector<std::string> names;
  for (const D* candidate : all) {
    if (candidate->full_name() == name) return candidate;
    if (!IsEndOf(name, candidate->full_name())) continue;
    names.push_back(candidate->full_name());
    found = candidate;
  }
  if (names.size() > 1) {
    return absl::NotFoundError(absl::StrCat("\"", std::string(name), "\" may be ",
                                            absl::StrJoin(names, " or "), ": say which"));
  }
  return found;
}

template <typename D>
std::vector<std::string> FullNames(const std::vector<const D*>& all) {
  std::vector<std::string> names;
  for (const D* one : all) names.push_back(one->full_name());
  return names;
}

std::string LastPart(const std::string& name) {
  const size_t dot = name.rfind('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

// The error of a name that is nobody's. A typing mistake is looked for in the last parts too.
absl::Status NoSuch(std::string_view what, std::string_view name, std::vector<std::string> names) {
  std::string hint = DidYouMean(name, names);
  if (hint.empty()) {
    std::vector<std::string> ends;
    for (const std::string& full : names) ends.push_back(LastPart(full));
    hint = DidYouMean(LastPart(std::string(name)), ends);
  }
  const bool all = names.size() <= kShownNames;
  if (!all) names.resize(kShownNames);
  return absl::NotFoundError(absl::StrCat("no ", std::string(what), " \"", std::string(name), "\"",
                                          hint, "\nThere are ", absl::StrJoin(names, ", "),
                                          all ? "." : ", …"));
}

std::vector<const MethodDescriptor*> MethodsOf(const std::vector<const ServiceDescriptor*>& all) {
  std::vector<const MethodDescriptor*> methods;
  for (const ServiceDescriptor* service : all) {
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  }
  return methods;
}

}  // namespace

absl::StatusOr<Schema> Schema::Of(const FileDescriptorSet& files) {
  RUNNEL_ASSIGN_OR_RETURN(MessageTypes types,
                          MessageTypes::FromDescriptorSet(files.SerializeAsString()));
  Schema schema(std::move(types));
  for (const google::protobuf::FileDescriptorProto& file : files.file()) {
    for (const google::protobuf::ServiceDescriptorProto& service : file.service()) {
      if (service.method_size() == 0) continue;  // there is nothing to call
      const std::string full = file.package().empty()
                                   ? service.name()
                                   : absl::StrCat(file.package(), ".", service.name());
      // The types know the pool that the services are in.
      RUNNEL_ASSIGN_OR_RETURN(const Descriptor* const input,
                              schema.types_.Find(service.method(0).input_type().substr(1)));
      schema.services_.push_back(input->file()->pool()->FindServiceByName(full));
    }
  }
  std::sort(schema.services_.begin(), schema.services_.end(),
            [](auto* a, auto* b) { return a->full_name() < b->full_name(); });
  schema.services_.erase(std::unique(schema.services_.begin(), schema.services_.end()),
                         schema.services_.end());
  return schema;
}

void Schema::KeepServices(const std::set<std::string>& names) {
  std::erase_if(services_, [&](auto* service) { return !names.contains(service->full_name()); });
}

absl::StatusOr<const ServiceDescriptor*> Schema::FindService(std::string_view name) const {
  RUNNEL_ASSIGN_OR_RETURN(const ServiceDescriptor* const found, Unique(Dotted(name), services_));
  if (found == nullptr) return NoSuch("service", name, FullNames(services_));
  return found;
}

absl::StatusOr<const MethodDescriptor*> Schema::FindMethod(std::string_view name) const {
  const std::vector<const MethodDescriptor*> methods = MethodsOf(services_);
  RUNNEL_ASSIGN_OR_RETURN(const MethodDescriptor* const found, Unique(Dotted(name), methods));
  if (found != nullptr) return found;
  // The service may be right, or be all that was said.
  const std::string dotted = Dotted(name);
  const size_t dot = dotted.rfind('.');
  for (const std::string& service_name : {dotted, dotted.substr(0, dot)}) {
    const absl::StatusOr<const ServiceDescriptor*> service = FindService(service_name);
    if (!service.ok()) continue;
    std::vector<std::string> names;
    for (int i = 0; i < (*service)->method_count(); ++i) {
      names.push_back((*service)->method(i)->name());
    }
    if (service_name == dotted && dot == std::string::npos) {
      return absl::NotFoundError(absl::StrCat(dotted, " is a service, whose methods are ",
                                              absl::StrJoin(names, ", "), ": call ", dotted, "/",
                                              names.front()));
    }
    const std::string method = dotted.substr(dot + 1);
    return absl::NotFoundError(absl::StrCat((*service)->full_name(), " has no method \"", method,
                                            "\"", DidYouMean(method, names), "\nIt has ",
                                            absl::StrJoin(names, ", "), "."));
  }
  return NoSuch("method", name, MethodNames());
}

absl::StatusOr<const Descriptor*> Schema::FindMessage(std::string_view name) const {
  const absl::StatusOr<const Descriptor*> exact = types_.Find(name);
  if (exact.ok()) return exact;
  std::vector<const Descriptor*> messages;
  for (const std::string& full : types_.names()) {
    RUNNEL_ASSIGN_OR_RETURN(const Descriptor* const message, types_.Find(full));
    messages.push_back(message);
  }
  RUNNEL_ASSIGN_OR_RETURN(const Descriptor* const found, Unique(Dotted(name), messages));
  if (found == nullptr) return NoSuch("message", name, types_.names());
  return found;
}

absl::StatusOr<Schema::Symbol> Schema::Find(std::string_view name) const {
  Symbol symbol;
  const absl::StatusOr<const ServiceDescriptor*> service = FindService(name);
  if (service.ok()) {
    symbol.service = *service;
    return symbol;
  }
  const absl::StatusOr<const MethodDescriptor*> method = FindMethod(name);
  if (method.ok()) {
    symbol.method = *method;
    return symbol;
  }
  const absl::StatusOr<const Descriptor*> message = FindMessage(name);
  if (message.ok()) {
    symbol.message = *message;
    return symbol;
  }
  std::vector<const EnumDescriptor*> enums;
  std::set<const google::protobuf::FileDescriptor*> seen;
  for (const std::string& full : types_.names()) {
    RUNNEL_ASSIGN_OR_RETURN(const Descriptor* const type, types_.Find(full));
    for (int i = 0; i < type->enum_type_count(); ++i) enums.push_back(type->enum_type(i));
    if (!seen.insert(type->file()).second) continue;
    for (int i = 0; i < type->file()->enum_type_count(); ++i) {
      enums.push_back(type->file()->enum_type(i));
    }
  }
  RUNNEL_ASSIGN_OR_RETURN(symbol.enumeration, Unique(Dotted(name), enums));
  if (symbol.enumeration != nullptr) return symbol;
  // A method of a service that there is says most; then whatever is like it.
  if (name.find('/') != std::string_view::npos) return method.status();
  std::vector<std::string> names = FullNames(services_);
  for (const std::string& one : types_.names()) names.push_back(one);
  return NoSuch("service, method or type", name, names);
}

std::vector<std::string> Schema::MethodNames() const {
  std::vector<std::string> names;
  for (const MethodDescriptor* method : MethodsOf(services_)) {
    const ServiceDescriptor* const service = method->service();
    const absl::StatusOr<const ServiceDescriptor*> by_name = FindService(service->name());
    const bool unique = by_name.ok() && *by_name == service;
    names.push_back(
        absl::StrCat(unique ? service->name() : service->full_name(), "/", method->name()));
  }
  return names;
}

std::string PathOf(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

CallKind KindOf(const MethodDescriptor& method) {
  if (method.client_streaming()) {
    return method.server_streaming() ? CallKind::kBidi : CallKind::kClientStream;
  }
  return method.server_streaming() ? CallKind::kServerStream : CallKind::kUnary;
}

std::string_view KindName(CallKind kind) {
  switch (kind) {
    case CallKind::kUnary:
      return "unary";
    case CallKind::kServerStream:
      return "server stream";
    case CallKind::kClientStream:
      return "client stream";
    case CallKind::kBidi:
      return "bidi stream";
  }
  return "";
}

MethodInfo MethodInfoOf(const MethodDescriptor& method, std::string_view path) {
  MethodInfo info;
  info.path = path;
  info.kind = KindOf(method);
  switch (method.options().idempotency_level()) {
    case google::protobuf::MethodOptions::NO_SIDE_EFFECTS:
      info.idempotency = Idempotency::kNoSideEffects;
      break;
    case google::protobuf::MethodOptions::IDEMPOTENT:
      info.idempotency = Idempotency::kIdempotent;
      break;
    default:
      info.idempotency = Idempotency::kUnknown;
  }
  info.resumable = method.options().GetExtension(runnel::v1::resumable);
  return info;
}

std::string FirstSentence(const google::protobuf::SourceLocation& location) {
  std::string text = absl::StrReplaceAll(location.leading_comments, {{"\n", " "}});
  absl::RemoveExtraAsciiWhitespace(&text);
  const size_t stop = text.find(". ");
  if (stop != std::string::npos) text.resize(stop + 1);
  return text;
}

}  // namespace runnel::cli
