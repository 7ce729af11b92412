#include "services/examples/ingest/summarizer.h"

#include "absl/strings/str_cat.h"
#include "services/examples/ingest/csv_summarizer.h"
#include "services/examples/ingest/log_summarizer.h"

namespace examples::ingest {

absl::StatusOr<std::unique_ptr<Summarizer>> NewSummarizer(v1::Format format) {
  switch (format) {
    case v1::FORMAT_LOG:
      return std::make_unique<LogSummarizer>();
    case v1::FORMAT_CSV:
      return std::make_unique<CsvSummarizer>();
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "format ", static_cast<int>(format), " is not known: use FORMAT_LOG or FORMAT_CSV"));
  }
}

}  // namespace examples::ingest
