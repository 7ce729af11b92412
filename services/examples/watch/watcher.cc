#include "services/examples/watch/watcher.h"

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

namespace examples::watch {
namespace {

std::string TextOf(const absl::StatusOr<runnel::AnyMessage>& message) {
  if (!message.ok()) return absl::StrCat("error: ", message.status().ToString());
  std::string json;
  const auto written = google::protobuf::util::MessageToJsonString(**message, &json);
  return written.ok() ? json : absl::StrCat("error: ", written.ToString());
}

}  // namespace

absl::Status Watch(const WatchOptions& options,
                   const std::function<void(const std::string& line)>& print) {
  RUNNEL_ASSIGN_OR_RETURN(const runnel::MessageTypes types,
                          runnel::MessageTypes::FromFile(options.descriptor_set));
  RUNNEL_ASSIGN_OR_RETURN(runnel::AnyEventDecoder decoder,
                          runnel::NewAnyEventDecoder(types, options.types, options.stream));
  runnel::IoThread io;
  auto source = std::make_shared<runnel::EventSource>(io.executor(), options.url, options.source);
  runnel::EventStream<runnel::AnyMessage> events(source, std::move(decoder), options.stream);
  for (uint32_t seen = 1;; ++seen) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<runnel::TypedEvent<runnel::AnyMessage>> event,
                            io.BlockOn(events.Read()));
    if (!event) return absl::OkStatus();
    print(absl::StrCat(event->id, "\t", event->type, "\t", TextOf(event->message)));
    if (seen == options.count) return absl::OkStatus();
  }
}

}  // namespace examples::watch
