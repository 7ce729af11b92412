#include "tools/cli/list_command.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "runtime/core/json_string.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "tools/cli/address.h"
#include "tools/cli/description.h"
#include "tools/cli/schema.h"
#include "tools/cli/schema_source.h"

namespace runnel::cli {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

template <typename D>
std::string CommentOf(const D& declared) {
  google::protobuf::SourceLocation location;
  return declared.GetSourceLocation(&location) ? FirstSentence(location) : "";
}

// A service and its methods; comments take what is left of the line.
std::string Table(const ServiceDescriptor& service, const Terminal& terminal) {
  std::string text = absl::StrCat(Styled(service.full_name(), Style::kBold, terminal.colors), "\n");
  const std::string about = Harmless(CommentOf(service));
  if (!about.empty()) {
    absl::StrAppend(&text, "  ",
                    Styled(Shortened(about, terminal.width - 2), Style::kDim, terminal.colors),
                    "\n");
  }
  size_t longest = 0;
  for (int i = 0; i < service.method_count(); ++i) {
    longest = std::max(longest, service.method(i)->name().size());
  }
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    std::string left =
        absl::StrCat("  ", method.name(), std::string(longest + 2 - method.name().size(), ' '));
    const std::string kind(KindName(KindOf(method)));
    absl::StrAppend(&left, kind, std::string(15 - kind.size(), ' '));
    const std::string comment = Harmless(CommentOf(method));
    const size_t room = terminal.width > left.size() ? terminal.width - left.size() : 0;
    if (room >= 12 && !comment.empty()) {
      absl::StrAppend(&left, Styled(Shortened(comment, room), Style::kDim, terminal.colors));
    }
    while (left.ends_with(' ')) left.pop_back();
    absl::StrAppend(&text, left, "\n");
  }
  return text;
}

void AppendField(std::string_view key, std::string_view value, std::string& line) {
  line += line.empty() ? "{" : ",";
  AppendJsonString(key, line);
  line += ':';
  AppendJsonString(value, line);
}

std::string JsonLines(const ServiceDescriptor& service) {
  std::string lines;
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    std::string line;
    AppendField("service", service.full_name(), line);
    AppendField("method", method.name(), line);
    AppendField("kind", KindName(KindOf(method)), line);
    AppendField("request", method.input_type()->full_name(), line);
    AppendField("response", method.output_type()->full_name(), line);
    AppendField("comment", CommentOf(method), line);
    absl::StrAppend(&lines, line, "}\n");
  }
  return lines;
}

}  // namespace

absl::Status RunList(Options options, const Console& console, std::string& url) {
  url = TakeAddress(options.words);
  if (options.words.size() > 1) {
    return Mistake(absl::InvalidArgumentError("runnel list wants one service, or none for all"));
  }
  RUNNEL_ASSIGN_OR_RETURN(const Schema schema, LoadSchema(options, url));
  std::vector<const ServiceDescriptor*> services = schema.services();
  if (!options.words.empty()) {
    absl::StatusOr<const ServiceDescriptor*> service = schema.FindService(options.words.front());
    if (!service.ok()) return Mistake(std::move(service).status());
    services = {*service};
  }
  std::string text;
  for (const ServiceDescriptor* service : services) {
    if (console.for_people && !text.empty()) text += '\n';
    text += console.for_people ? Table(*service, console.out) : JsonLines(*service);
  }
  if (console.for_people && services.empty()) text = "There are no services.\n";
  return console.Print(text);
}

absl::Status RunDescribe(Options options, const Console& console, std::string& url) {
  url = TakeAddress(options.words);
  RUNNEL_ASSIGN_OR_RETURN(const Schema schema, LoadSchema(options, url));
  if (options.words.empty()) {
    for (const ServiceDescriptor* service : schema.services()) {
      options.words.push_back(service->full_name());
    }
  }
  std::string text;
  for (const std::string& name : options.words) {
    absl::StatusOr<Schema::Symbol> symbol = schema.Find(name);
    if (!symbol.ok()) return Mistake(std::move(symbol).status());
    if (!text.empty()) text += '\n';
    text += Description(*symbol, schema);
  }
  return console.Print(ColoredProto(text, console.out.colors));
}

}  // namespace runnel::cli
