#include "services/examples/ingest/ingest_service.h"

#include <memory>
#include <optional>

#include "services/examples/ingest/summarizer.h"

namespace examples::ingest {

runnel::Awaitable<absl::StatusOr<v1::Summary>> IngestService::Upload(
    runnel::ServerContext&, runnel::Reader<v1::UploadRequest>& in) {
  RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<v1::UploadRequest> first, co_await in.Read());
  if (!first || !first->has_header()) {
    co_return absl::InvalidArgumentError("the first message must be the header");
  }
  RUNNEL_CO_ASSIGN_OR_RETURN(std::unique_ptr<Summarizer> summarizer,
                             NewSummarizer(first->header().format()));
  v1::Summary summary;
  summary.set_name(first->header().name());

  v1::UploadRequest request;
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(request));
    if (!more) break;
    if (!request.has_chunk()) {
      co_return absl::InvalidArgumentError("only chunks may follow the header");
    }
    summary.set_bytes(summary.bytes() + static_cast<int64_t>(request.chunk().size()));
    RUNNEL_CO_RETURN_IF_ERROR(summarizer->Add(request.chunk()));
  }
  RUNNEL_CO_RETURN_IF_ERROR(summarizer->Finish(summary));
  co_return summary;
}

}  // namespace examples::ingest
