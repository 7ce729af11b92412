// LogSummarizer counts what the lines of a log file say: levels, HTTP statuses, times.

#ifndef SERVICES_EXAMPLES_INGEST_LOG_SUMMARIZER_H_
#define SERVICES_EXAMPLES_INGEST_LOG_SUMMARIZER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/examples/ingest/summarizer.h"

namespace examples::ingest {

class LogSummarizer : public Summarizer {
 public:
  absl::Status Add(std::string_view bytes) override;
  absl::Status Finish(v1::Summary& summary) override;

 private:
  absl::Status AddLine(std::string_view line);

  std::string begun_;  // a line whose end has not come yet
  int64_t lines_ = 0;
  std::optional<absl::Time> first_time_, last_time_;
  v1::LogSummary counts_;
};

}  // namespace examples::ingest

#endif  // SERVICES_EXAMPLES_INGEST_LOG_SUMMARIZER_H_
