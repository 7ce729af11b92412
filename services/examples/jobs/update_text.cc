#include "services/examples/jobs/update_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "services/examples/shared/human_bytes.h"
#include "services/examples/shared/proto_time.h"

namespace examples::jobs {
namespace {

std::string OneLine(const v1::Progress& progress) {
  if (!progress.counted()) return absl::StrFormat("counting: %d files", progress.files_total());
  const double done = static_cast<double>(progress.bytes_done());
  const double total = static_cast<double>(progress.bytes_total());
  return absl::StrFormat("%3.0f %%  %d of %d files, %s of %s  %s",
                         total > 0 ? 100 * done / total : 0, progress.files_done(),
                         progress.files_total(), HumanBytes(done), HumanBytes(total),
                         progress.file());
}

std::string OneLine(const v1::Result& result) {
  std::string text = absl::StrFormat(
      "%s  %d files, %s in %s", result.sha256(), result.files(),
      HumanBytes(static_cast<double>(result.bytes())),
      absl::FormatDuration(absl::Trunc(FromProto(result.elapsed()), absl::Milliseconds(1))));
  if (result.skipped() > 0) {
    absl::StrAppend(&text, "\n", result.skipped(),
                    " could not be read: ", absl::StrJoin(result.skipped_paths(), ", "));
  }
  return text;
}

}  // namespace

std::string OneLine(const v1::HashTreeUpdate& update) {
  return update.has_result() ? OneLine(update.result()) : OneLine(update.progress());
}

}  // namespace examples::jobs
