#include "tools/cli/description.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "runtime/core/string_view.h"
#include "tools/cli/field_value.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

constexpr size_t kMostExampleFields = 3;

// A field's declaration without the name in JSON that follows from its own anyway.
std::string WithoutPlainJsonName(std::string line) {
  const size_t begin = line.find("json_name = \"");
  if (begin == std::string::npos) return line;
  const size_t name = begin + 13;
  const size_t end = line.find('"', name);
  if (end == std::string::npos) return line;
  // The declaration's own name stands before " = NUMBER".
  const size_t equals = line.find(" = ");
  const size_t own = line.rfind(' ', equals - 1) + 1;
  std::string plain;
  bool upper = false;
  for (size_t i = own; i < equals; ++i) {
    if (line[i] == '_') {
      upper = true;
    } else {
      plain += upper ? absl::ascii_toupper(static_cast<unsigned char>(line[i])) : line[i];
      upper = false;
    }
  }
  if (line.substr(name, end - name) != plain) return line;
  line.erase(begin, end + 1 - begin);
  for (const auto& [from, to] :
       {std::pair<const char*, const char*>{" []", ""}, {"[, ", "["}, {", ]", "]"}}) {
    const size_t at = line.find(from);
    if (at != std::string::npos) line.replace(at, std::strlen(from), to);
  }
  return line;
}

template <typename D>
std::string ProtoText(const D& declared) {
  google::protobuf::DebugStringOptions options;
  options.include_comments = true;
  std::string text = declared.DebugStringWithOptions(options);
  // Types by their full names, as they are asked for: without the dot in front.
  const std::string package = absl::StrCat(".", declared.file()->package(), ".");
  if (package.size() > 2) text = absl::StrReplaceAll(text, {{package, ""}});
  std::string out;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const size_t bare = std::min(line.find_first_not_of(' '), line.size());
    if (line.substr(bare, 2) == "//") {
      // Lines of a comment but the first keep the blank that stood before their text.
      const bool extra = line.substr(bare, 4) == "//  ";
      absl::StrAppend(&out, line.substr(0, bare), "//", line.substr(bare + (extra ? 3 : 2)), "\n");
    } else {
      absl::StrAppend(
          &out,
          WithoutPlainJsonName(absl::StrReplaceAll(line, {{" .", " "}, {"(.", "("}, {"<.", "<"}})),
          "\n");
    }
  }
  out.pop_back();
  return out;
}

bool IsWellKnown(const Descriptor& type) { return type.file()->package() == "google.protobuf"; }

// The messages and enums within a message, each once, in the order in which they are met.
void CollectTypes(const Descriptor& type, std::set<std::string>& seen, std::string& text) {
  if (IsWellKnown(type) || !seen.insert(type.full_name()).second) return;
  if (type.containing_type() == nullptr || !seen.contains(type.containing_type()->full_name())) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", ProtoText(type));
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const FieldDescriptor& value = field.is_map() ? *field.message_type()->map_value() : field;
    if (value.message_type() != nullptr) CollectTypes(*value.message_type(), seen, text);
    const EnumDescriptor* const enumeration = value.enum_type();
    if (enumeration == nullptr || !seen.insert(enumeration->full_name()).second) continue;
    if (enumeration->containing_type() == nullptr) {
      absl::StrAppend(&text, "\n", ProtoText(*enumeration));
    }
  }
}

// A value that the field takes, to show the form.
std::string ExampleValue(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "@FILE" : "TEXT";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true";
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.enum_type()->value(field.enum_type()->value_count() - 1)->name();
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "1.5";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->name() == "Duration") return "1s";
      if (field.message_type()->name() == "Timestamp") return "now";
      if (field.message_type()->name() == "FieldMask") return "a,b";
      return "1";
    default:
      return "1";
  }
}

// Some fields of a message as arguments; those of messages within by their paths.
void AddArguments(const Descriptor& type, const std::string& prefix, int depth,
                  std::vector<std::string>& words) {
  std::set<const google::protobuf::OneofDescriptor*> oneofs;
  for (int i = 0; i < type.field_count() && words.size() < kMostExampleFields; ++i) {
    const FieldDescriptor& field = *type.field(i);
    const google::protobuf::OneofDescriptor* const oneof = field.real_containing_oneof();
    if (oneof != nullptr && !oneofs.insert(oneof).second) continue;
    const std::string path = absl::StrCat(prefix, field.name());
    if (field.is_map()) {
      const FieldDescriptor& value = *field.message_type()->map_value();
      if (value.message_type() == nullptr) {
        words.push_back(absl::StrCat(path, ".KEY=", ExampleValue(value)));
      }
    } else if (field.message_type() == nullptr || HasTextForm(*field.message_type())) {
      words.push_back(absl::StrCat(path, "=", ExampleValue(field)));
    } else if (depth < 2) {
      AddArguments(*field.message_type(), absl::StrCat(path, field.is_repeated() ? ".0." : "."),
                   depth + 1, words);
    }
  }
}

std::string ExampleCall(const MethodDescriptor& method, const Schema& schema) {
  const absl::StatusOr<const google::protobuf::ServiceDescriptor*> by_name =
      schema.FindService(method.service()->name());
  const bool unique = by_name.ok() && *by_name == method.service();
  std::string line = absl::StrCat("# runnel call ",
                                  unique ? method.service()->name() : method.service()->full_name(),
                                  "/", method.name());
  std::vector<std::string> words;
  AddArguments(*method.input_type(), "", 0, words);
  for (const std::string& word : words) absl::StrAppend(&line, " ", word);
  if (method.client_streaming()) line += " , …";
  return line + "\n";
}

// "rpc Watch(…) returns (stream …) {…}" of a method, below its comment.
std::string MethodText(const MethodDescriptor& method, const Schema& schema) {
  std::string text = absl::StrCat("# ", method.full_name(), "\n", ProtoText(method));
  std::set<std::string> seen;
  std::string types;
  CollectTypes(*method.input_type(), seen, types);
  CollectTypes(*method.output_type(), seen, types);
  if (!types.empty()) absl::StrAppend(&text, "\n", types);
  absl::StrAppend(&text, "\n", ExampleCall(method, schema));
  return text;
}

}  // namespace

std::string Description(const Schema::Symbol& symbol, const Schema& schema) {
  if (symbol.method != nullptr) return Harmless(MethodText(*symbol.method, schema));
  if (symbol.service != nullptr) {
    return Harmless(
        absl::StrCat("# ", symbol.service->full_name(), "\n", ProtoText(*symbol.service)));
  }
  if (symbol.message != nullptr) {
    return Harmless(
        absl::StrCat("# ", symbol.message->full_name(), "\n", ProtoText(*symbol.message)));
  }
  return Harmless(
      absl::StrCat("# ", symbol.enumeration->full_name(), "\n", ProtoText(*symbol.enumeration)));
}

std::string ColoredProto(std::string_view text, bool colors) {
  if (!colors) return std::string(text);
  std::string out;
  for (const absl::string_view line : absl::StrSplit(AbslView(text), '\n')) {
    const absl::string_view bare = absl::StripLeadingAsciiWhitespace(line);
    const std::string_view word = StdView(bare.substr(0, bare.find(' ')));
    if (word == "//" || word.starts_with("//")) {
      out += Styled(StdView(line), Style::kDim, true);
    } else if (word == "#") {
      out += Styled(StdView(line), Style::kGreen, true);
    } else if (word == "service" || word == "message" || word == "enum" || word == "rpc" ||
               word == "oneof") {
      // The name behind the word.
      const size_t begin = line.find(bare) + word.size() + 1;
      const size_t end = std::min(line.find_first_of(" ({", begin), line.size());
      absl::StrAppend(&out, line.substr(0, begin),
                      Styled(StdView(line.substr(begin, end - begin)), Style::kBold, true),
                      line.substr(end));
    } else {
      absl::StrAppend(&out, line);
    }
    out += '\n';
  }
  out.pop_back();
  return out;
}

}  // namespace runnel::cli
