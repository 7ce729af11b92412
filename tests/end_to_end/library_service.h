// The services of codegen/testdata/api/v1/library.proto, which do what their requests say.

#ifndef RUNNEL_TESTS_END_TO_END_LIBRARY_SERVICE_H_
#define RUNNEL_TESTS_END_TO_END_LIBRARY_SERVICE_H_

#include <string>

#include "api/v1/library.runnel.h"
#include "runtime/server/server.h"
#include "tests/end_to_end/journal.h"

namespace end_to_end {

class LibraryService : public api::v1::Library::Service {
 public:
  Journal& journal() { return journal_; }

  // A book that tells of the request; "missing" is not there.
  runnel::Awaitable<absl::StatusOr<api::v1::Book>> GetBook(
      runnel::ServerContext& context, const api::v1::GetBookRequest& request) override;
  runnel::Awaitable<absl::StatusOr<api::v1::Book>> UpdateBook(
      runnel::ServerContext& context, const api::v1::UpdateBookRequest& request) override;
  // The question comes back, as a whole and word by word. "fail" fails; the word "break" ends the
  // stream with UNAVAILABLE. "hang" waits until the call is cancelled, and notes "cancelled" then;
  // "flood" writes until then, and notes "full" when it has to wait.
  runnel::Awaitable<absl::StatusOr<api::v1::Answer>> Ask(
      runnel::ServerContext& context, const api::v1::AskRequest& request) override;
  runnel::Awaitable<absl::Status> AskBitByBit(runnel::ServerContext& context,
                                              const api::v1::AskRequest& request,
                                              runnel::Writer<api::v1::Answer>& writer) override;
  // Books 1 to 3, those behind the last event id, and "closed" when `since` says so.
  runnel::Awaitable<absl::Status> Watch(runnel::ServerContext& context,
                                        const api::v1::WatchRequest& request,
                                        runnel::Writer<api::v1::BookEvent>& writer) override;

 private:
  Journal journal_;
};

class LinesService : public api::v1::Lines::Service {
 public:
  runnel::Awaitable<absl::Status> Follow(runnel::ServerContext& context,
                                         const api::v1::WatchRequest& request,
                                         runnel::Writer<api::v1::LineEvent>& writer) override;
  runnel::Awaitable<absl::Status> Count(runnel::ServerContext& context,
                                        const api::v1::WatchRequest& request,
                                        runnel::Writer<api::v1::Answer>& writer) override;
};

}  // namespace end_to_end

#endif  // RUNNEL_TESTS_END_TO_END_LIBRARY_SERVICE_H_
