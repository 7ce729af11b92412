#include "tests/interop/client_case.h"

#include "absl/strings/str_join.h"

namespace interop {

v1::Request Text(const std::string& text) {
  v1::Request request;
  request.set_text(text);
  return request;
}

v1::Request Planned(uint32_t count, uint32_t size, uint32_t delay_ms) {
  v1::Request request = Text("hi");
  request.mutable_plan()->set_count(count);
  request.mutable_plan()->set_size(size);
  request.mutable_plan()->set_delay_ms(delay_ms);
  return request;
}

v1::Request Failing(v1::Error::Code code, uint32_t count) {
  v1::Request request = Planned(count);
  v1::Error& error = *request.mutable_plan()->mutable_error();
  error.set_code(code);
  error.set_message("on purpose");
  for (const char* text : {"first", "second"}) {
    v1::Note note;
    note.set_text(text);
    error.add_details()->PackFrom(note);
  }
  google::protobuf::Duration duration;
  duration.set_seconds(90);
  error.add_details()->PackFrom(duration);
  return request;
}

void FindFailure(const absl::Status& status, absl::StatusCode code, Findings& findings) {
  findings.Ends("status", status, code);
  findings.Equal("message", status.message(), "on purpose");
  std::vector<std::string> details;
  for (const runnel::StatusDetail& detail : runnel::GetDetails(status)) {
    v1::Note note;
    google::protobuf::Duration duration;
    if (detail.type == "runnel.interop.v1.Note" && note.ParseFromString(detail.value)) {
      details.push_back(note.text());
    } else if (detail.type == "google.protobuf.Duration" &&
               duration.ParseFromString(detail.value)) {
      details.push_back(absl::StrCat(duration.seconds(), " s"));
    } else {
      details.push_back(detail.type);
    }
  }
  findings.Equal("details", absl::StrJoin(details, ", "), "90 s, first, second");
}

runnel::CallOptions Echoing() {
  runnel::CallOptions options;
  options.metadata = {{"x-echo-color", "blue"}, {"x-echo-raw-bin", std::string("\0\x80\xff", 3)}};
  return options;
}

void FindEcho(const runnel::Metadata& initial, const runnel::Metadata& trailing,
              Findings& findings) {
  const std::string raw("\0\x80\xff", 3);
  findings.Equal("header", std::string(initial.Get("x-echo-color").value_or("")), "blue");
  findings.Equal("trailer", std::string(trailing.Get("x-echo-color").value_or("")), "blue");
  findings.Equal("binary header", initial.Get("x-echo-raw-bin") == raw, true);
  findings.Equal("binary trailer", trailing.Get("x-echo-raw-bin") == raw, true);
}

std::string Seen(const v1::Response& response, std::string_view name) {
  for (const v1::Metadata& entry : response.metadata()) {
    if (entry.name() == name) return entry.value();
  }
  return "";
}

}  // namespace interop
