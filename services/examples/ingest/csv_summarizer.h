// CsvSummarizer reads comma-separated values (RFC 4180) and says what is in the columns.

#ifndef SERVICES_EXAMPLES_INGEST_CSV_SUMMARIZER_H_
#define SERVICES_EXAMPLES_INGEST_CSV_SUMMARIZER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "services/examples/ingest/summarizer.h"

namespace examples::ingest {

class CsvSummarizer : public Summarizer {
 public:
  absl::Status Add(std::string_view bytes) override;
  absl::Status Finish(v1::Summary& summary) override;

 private:
  enum class Place { kFieldStart, kField, kQuoted, kQuoteInQuoted };

  struct ColumnFacts {
    std::string name;
    int64_t empty = 0;
    int64_t filled = 0;
    bool all_numbers = true;
    bool all_times = true;
    double min = 0, max = 0, sum = 0;
    absl::Time first, last;
  };

  absl::Status AddByte(char c);
  absl::Status EndRow();
  absl::Status AddRow();
  absl::Status Bad(std::string_view what) const;

  Place place_ = Place::kFieldStart;
  std::string field_;
  std::vector<std::string> row_;  // its finished fields
  size_t row_bytes_ = 0;
  int64_t line_ = 1;      // where the next byte stands
  int64_t row_line_ = 1;  // where the row began
  bool line_begun_ = false;
  int64_t rows_ = 0;
  std::vector<ColumnFacts> columns_;  // empty until the row of names is there
};

}  // namespace examples::ingest

#endif  // SERVICES_EXAMPLES_INGEST_CSV_SUMMARIZER_H_
