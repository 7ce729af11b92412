// A Summarizer reads a file piece by piece, in whatever pieces it comes, and says in the end what
// is in it. It keeps counts, not the file.

#ifndef SERVICES_EXAMPLES_INGEST_SUMMARIZER_H_
#define SERVICES_EXAMPLES_INGEST_SUMMARIZER_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/examples/ingest/ingest.pb.h"

namespace examples::ingest {

class Summarizer {
 public:
  virtual ~Summarizer() = default;

  // The file's next bytes. INVALID_ARGUMENT, with the line, when they cannot be such a file; then
  // it is of no more use.
  virtual absl::Status Add(std::string_view bytes) = 0;
  // The file ends here. Fills what is known of its content and lines.
  virtual absl::Status Finish(v1::Summary& summary) = 0;
};

// INVALID_ARGUMENT for a format that is not known.
absl::StatusOr<std::unique_ptr<Summarizer>> NewSummarizer(v1::Format format);

}  // namespace examples::ingest

#endif  // SERVICES_EXAMPLES_INGEST_SUMMARIZER_H_
