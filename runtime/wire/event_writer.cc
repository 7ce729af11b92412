#include "runtime/wire/event_writer.h"

#include <algorithm>
#include <cassert>

#include "runtime/wire/base64.h"

namespace runnel {
namespace {

bool IsOneLine(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

bool IsEventToken(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

void BeginEvent(const EventFields& fields, std::string& out) {
  if (!fields.type.empty()) {
    assert(IsEventToken(fields.type));
    out.append("event: ").append(fields.type).push_back('\n');
  }
  if (!fields.id.empty()) {
    assert(IsEventToken(fields.id));
    out.append("id: ").append(fields.id).push_back('\n');
  }
  out.append("data: ");
}

void EndEvent(std::string& out) { out.append("\n\n"); }

void AppendEvent(const EventFields& fields, std::string_view line, std::string& out) {
  assert(IsOneLine(line));
  BeginEvent(fields, out);
  out.append(line);
  EndEvent(out);
}

void AppendBase64Event(const EventFields& fields, std::string_view bytes, std::string& out) {
  BeginEvent(fields, out);
  AppendBase64(bytes, out);
  EndEvent(out);
}

void AppendComment(std::string_view text, std::string& out) {
  assert(IsOneLine(text));
  out.append(": ").append(text).push_back('\n');
}

}  // namespace runnel
