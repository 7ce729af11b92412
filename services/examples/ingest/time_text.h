// Times as they stand in log files and tables.

#ifndef SERVICES_EXAMPLES_INGEST_TIME_TEXT_H_
#define SERVICES_EXAMPLES_INGEST_TIME_TEXT_H_

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace examples::ingest {

// The first time in `line`: "2024-05-01T12:00:00.5Z", also with a blank for the T, a comma for the
// point, and no zone (UTC then); or an access log's "[10/Oct/2000:13:55:36 -0700]".
std::optional<absl::Time> FindTime(std::string_view line);

// `text` as a whole: as above without the access log's form, or only a date.
std::optional<absl::Time> ParseTime(std::string_view text);

}  // namespace examples::ingest

#endif  // SERVICES_EXAMPLES_INGEST_TIME_TEXT_H_
