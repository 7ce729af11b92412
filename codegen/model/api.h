// What the emitters know of a method that describes an HTTP API of its own
// (proto/runnel/v1/options.proto). Plain values, as in file.h.

#ifndef RUNNEL_CODEGEN_MODEL_API_H_
#define RUNNEL_CODEGEN_MODEL_API_H_

#include <string>
#include <vector>

namespace runnel::codegen {

struct ApiEvent {
  std::string name;
  int field = 0;  // the number of the oneof's member
  bool ends_stream = false;
};

struct ApiErrorKind {
  std::string type;
  int code = 0;         // of absl::StatusCode
  int http_status = 0;  // 0: that of the code
};

struct ApiErrors {
  std::string event;
  std::string in;
  std::string message = "message";
  std::string type = "type";
  std::vector<ApiErrorKind> kinds;
  std::string name_in;
};

struct Api {
  std::string verb;  // "POST"
  std::string path;
  std::string body;
  std::string when;  // of the stream in the same place, where this is the unary method
  std::string done;
  std::string event;
  std::string name_in;
  std::vector<ApiEvent> events;
  ApiErrors errors;
};

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_API_H_
