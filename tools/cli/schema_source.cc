#include "tools/cli/schema_source.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "google/protobuf/empty.pb.h"
#include "runnel/v1/descriptors.pb.h"
#include "runtime/client/unary_call.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "tools/cli/address.h"
#include "tools/cli/connection.h"
#include "tools/cli/failure.h"
#include "tools/cli/field_argument.h"
#include "tools/cli/proto_files.h"
#include "tools/cli/reflection.h"

namespace runnel::cli {
namespace {

using google::protobuf::FileDescriptorSet;

// A server that does not know the method, in any of the ways that servers have of saying so.
bool HasNoDescriptors(const absl::Status& status) {
  return absl::IsUnimplemented(status) || absl::IsNotFound(status);
}

// What the server tells of itself.
absl::StatusOr<Schema> SchemaOf(const Options& options, const std::string& url) {
  static const MethodInfo get_files = {"/runnel.v1.Descriptors/GetDescriptorSet", CallKind::kUnary,
                                       Idempotency::kNoSideEffects};
  static const MethodInfo list_services = {"/runnel.v1.Descriptors/ListServices", CallKind::kUnary,
                                           Idempotency::kNoSideEffects};
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Open(options, url, Codec::kProto);
  if (!connection.ok()) return Mistake(std::move(connection).status());
  CallOptions call = (*connection)->call_options();
  if (!options.connect) call.route = Route::kDirect;
  const auto ask = [&](const MethodInfo& method, google::protobuf::Message& response) {
    const google::protobuf::Empty request;
    return (*connection)
        ->io()
        .BlockOn(UnaryCallUntyped((*connection)->channel(), method, request, response, call));
  };
  FileDescriptorSet files;
  const absl::Status got = ask(get_files, files);
  if (!got.ok() && !HasNoDescriptors(got)) return got;
  if (!got.ok()) {
    if (absl::StatusOr<ReflectedFiles> reflected = AskReflection(**connection); reflected.ok()) {
      RUNNEL_ASSIGN_OR_RETURN(Schema schema, Schema::Of(reflected->files));
      schema.KeepServices(reflected->services);
      return schema;
    }
    return absl::Status(
        got.code(),
        absl::StrCat(got.message(), "\nThe server at ", url,
                     " does not tell its types. Add runnel::DescriptorsService to it, or name the "
                     "types with --proto FILE or --descriptors FILE"));
  }
  v1::ListServicesResponse served;
  const absl::Status listed = ask(list_services, served);
  if (!listed.ok() && !HasNoDescriptors(listed)) return listed;
  RUNNEL_ASSIGN_OR_RETURN(Schema schema, Schema::Of(files));
  if (listed.ok()) schema.KeepServices({served.services().begin(), served.services().end()});
  return schema;
}

}  // namespace

bool HasSchemaFiles(const Options& options) {
  return !options.protos.empty() || !options.descriptors.empty();
}

absl::StatusOr<FileDescriptorSet> SchemaFiles(const Options& options) {
  if (!options.protos.empty()) {
    absl::StatusOr<FileDescriptorSet> parsed = ParseProtoFiles(options.protos, options.imports);
    if (!parsed.ok()) return Mistake(std::move(parsed).status());
    return parsed;
  }
  absl::StatusOr<std::string> bytes = ReadFile(options.descriptors);
  if (!bytes.ok()) return Mistake(std::move(bytes).status());
  FileDescriptorSet set;
  if (set.ParseFromString(*bytes) && set.file_size() > 0) return set;
  return Mistake(absl::InvalidArgumentError(
      absl::StrCat(options.descriptors,
                   " is no descriptor set, which protoc --include_imports "
                   "--descriptor_set_out=FILE writes")));
}

absl::StatusOr<Schema> LoadSchema(const Options& options, const std::string& url) {
  if (!HasSchemaFiles(options)) return SchemaOf(options, url);
  RUNNEL_ASSIGN_OR_RETURN(const FileDescriptorSet files, SchemaFiles(options));
  absl::StatusOr<Schema> schema = Schema::Of(files);
  if (!schema.ok()) return Mistake(std::move(schema).status());
  return schema;
}

absl::StatusOr<Target> TakeTarget(Options& options) {
  std::string url = TakeAddress(options.words);
  if (options.words.empty()) {
    return Mistake(absl::InvalidArgumentError(
        absl::StrCat("runnel ", options.command,
                     " wants a method, such as Chat/ListRooms: runnel list shows them")));
  }
  const std::string name = options.words.front();
  options.words.erase(options.words.begin());
  RUNNEL_ASSIGN_OR_RETURN(Schema schema, LoadSchema(options, url));
  absl::StatusOr<const google::protobuf::MethodDescriptor*> method = schema.FindMethod(name);
  if (!method.ok()) return Mistake(std::move(method).status());
  return Target{std::move(url), std::move(schema), *method, PathOf(**method)};
}

}  // namespace runnel::cli
