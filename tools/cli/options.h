// Options are what a command line says, as the commands read it. A value.

#ifndef TOOLS_CLI_OPTIONS_H_
#define TOOLS_CLI_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace runnel::cli {

struct Options {
  Options() = default;

  std::string command;             // "call"
  std::vector<std::string> words;  // what follows it and is no option, in order
  bool help = false;

  // The connection.
  std::vector<std::string> headers;  // "key: value"
  absl::Duration timeout = absl::InfiniteDuration();
  std::string token_file;
  std::string ca;
  std::string cert;
  std::string key;
  std::string server_name;
  bool direct = false;
  bool channel = false;
  bool connect = false;
  bool wait = false;
  bool verbose = false;

  // The schema.
  std::vector<std::string> protos;
  std::vector<std::string> imports;
  std::string descriptors;

  std::string output;  // "table", "json"; empty: by whether it is a terminal

  // call
  std::string last_event_id;  // watch too

  // watch
  std::string type;
  std::vector<std::string> event_types;  // "put=shop.v1.Item"
  std::string data;
  std::vector<std::string> ends;
  bool once = false;
  uint64_t count = 0;
  bool events = false;

  // bench
  double rate = 0;
  uint64_t concurrency = 0;
  absl::Duration duration = absl::Seconds(10);
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_OPTIONS_H_
