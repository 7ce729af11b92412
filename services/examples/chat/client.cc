// Talks in a room: lines from standard input are said, what happens in the room is printed.
//
//   bazel run //services/examples/chat:client -- --room=lobby --name=ada
//
// It leaves at the end of its input; with --count, after so many events instead.

#include "runnel/client.h"

#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "services/examples/chat/chat.runnel.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the server");
ABSL_FLAG(std::string, room, "lobby", "room to join");
ABSL_FLAG(std::string, name, "", "what the others call you");
ABSL_FLAG(int, count, 0, "leave after so many events; 0: at the end of the input");
ABSL_FLAG(absl::Duration, for, absl::InfiniteDuration(), "end after this time, such as 10s");

namespace {

namespace v1 = examples::chat::v1;

std::string OneLine(const v1::RoomEvent& event) {
  switch (event.kind_case()) {
    case v1::RoomEvent::kWelcome:
      return absl::StrCat("* here are: ", absl::StrJoin(event.welcome().names(), ", "));
    case v1::RoomEvent::kJoined:
      return absl::StrCat("* ", event.joined().name(), " joined");
    case v1::RoomEvent::kLeft:
      return absl::StrCat("* ", event.left().name(), " left");
    case v1::RoomEvent::kSaid:
      return absl::StrCat(event.said().name(), ": ", event.said().text());
    case v1::RoomEvent::kMissed:
      return absl::StrCat("* you missed ", event.missed().events(), " events");
    case v1::RoomEvent::KIND_NOT_SET:
      break;
  }
  return "* something this client does not know";
}

// The writing half of the conversation, which two threads use: the one that reads the input, and
// the one that prints. The first may wait for a line for ever, also after the conversation has
// ended.
class Speaker {
 public:
  using Stream = runnel::ClientStream<v1::ClientMessage, v1::RoomEvent>;
  Speaker(runnel::IoThread& io, Stream& stream) : io_(io), stream_(stream) {}

  // False when there is nobody to speak to any more.
  bool Say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (finished_) return false;
    v1::ClientMessage message;
    message.mutable_say()->set_text(text);
    return text.empty() || io_.BlockOn(stream_.Write(message)).ok();
  }
  void Finish() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(finished_, true)) return;
    io_.BlockOn(stream_.WritesDone()).IgnoreError();  // Read says what is wrong
  }

 private:
  runnel::IoThread& io_;
  Stream& stream_;
  std::mutex mutex_;
  bool finished_ = false;  // then io_ and stream_ may be gone
};

void SayInput(std::shared_ptr<Speaker> speaker, bool finish_at_end) {
  for (std::string line; std::getline(std::cin, line);) {
    if (!speaker->Say(line)) return;
  }
  if (finish_at_end) speaker->Finish();
}

absl::Status Converse(const std::string& server) {
  runnel::IoThread io;
  v1::Chat::Stub chat(runnel::Channel::Connect(io.executor(), server));
  runnel::CallOptions options;
  options.timeout = absl::GetFlag(FLAGS_for);
  auto stream = chat.Converse(options);

  v1::ClientMessage join;
  join.mutable_join()->set_room(absl::GetFlag(FLAGS_room));
  join.mutable_join()->set_name(absl::GetFlag(FLAGS_name));
  io.BlockOn(stream.Write(join)).IgnoreError();  // Read says what is wrong

  const int count = absl::GetFlag(FLAGS_count);
  auto speaker = std::make_shared<Speaker>(io, stream);
  absl::Status status;
  for (int events = 1; true; ++events) {
    absl::StatusOr<std::optional<v1::RoomEvent>> event = io.BlockOn(stream.Read());
    status = event.status();
    if (!status.ok() || !*event) break;
    std::printf("%s\n", OneLine(**event).c_str());
    std::fflush(stdout);
    if (events == 1) std::thread(SayInput, speaker, /*finish_at_end=*/count == 0).detach();
    if (events == count) speaker->Finish();
  }
  speaker->Finish();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Talks in a room of a chat server.");
  const std::string server = absl::GetFlag(FLAGS_server);
  return examples::ExitCode(Converse(server), absl::GetFlag(FLAGS_for), server,
                            "//services/examples/chat:server");
}
