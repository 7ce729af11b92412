// What the strings of a JSON text say. The scanning of them is json_scan's.

#ifndef RUNNEL_RUNTIME_CORE_JSON_STRING_H_
#define RUNNEL_RUNTIME_CORE_JSON_STRING_H_

#include <string>
#include <string_view>

namespace runnel {

// Appends what stands between the quotation marks of a string that SkipJsonString accepted, with
// its escapes resolved.
void AppendUnescapedJson(std::string_view body, std::string& out);

// Appends `text` as a JSON string. What is not UTF-8 in it becomes U+FFFD.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_JSON_STRING_H_
