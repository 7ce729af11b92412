#include "tests/end_to_end/library_service.h"

#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"

namespace end_to_end {

using api::v1::Answer;
using api::v1::AskRequest;
using api::v1::Book;
using api::v1::BookEvent;
using api::v1::LineEvent;
using api::v1::WatchRequest;
using runnel::Awaitable;
using runnel::ServerContext;

Awaitable<absl::StatusOr<Book>> LibraryService::GetBook(ServerContext& context,
                                                        const api::v1::GetBookRequest& request) {
  if (request.name() == "missing") co_return absl::NotFoundError("there is no such book");
  context.AddInitialMetadata("x-caller", context.principal());
  Book book;
  book.set_id(request.name());
  book.set_title(request.ShortDebugString());
  co_return book;
}

Awaitable<absl::StatusOr<Book>> LibraryService::UpdateBook(
    ServerContext&, const api::v1::UpdateBookRequest& request) {
  Book book = request.book();
  book.set_id(absl::StrCat(request.shelf().id(), request.dry_run() ? ", not really" : ""));
  co_return book;
}

Awaitable<absl::StatusOr<Answer>> LibraryService::Ask(ServerContext& context,
                                                      const AskRequest& request) {
  journal_.Add("Ask");
  if (request.question() == "fail") co_return absl::UnavailableError("not now");
  if (request.question() == "hang") {
    const absl::Status slept = co_await context.Sleep(absl::InfiniteDuration());
    journal_.Add("cancelled");
    co_return slept;
  }
  Answer answer;
  answer.set_text(request.question());
  co_return answer;
}

Awaitable<absl::Status> LibraryService::AskBitByBit(ServerContext& context,
                                                    const AskRequest& request,
                                                    runnel::Writer<Answer>& writer) {
  journal_.Add("AskBitByBit");
  if (request.question() == "fail") {
    runnel::ErrorInfo info;
    info.reason = "closed";
    co_return runnel::WithErrorInfo(absl::UnavailableError("not today"), info);
  }
  Answer answer;
  if (request.question() == "flood") {
    answer.set_text(std::string(1000, 'x'));
    absl::Status written;
    while (written.ok()) {
      journal_.Add("write");
      written = co_await writer.Write(answer);
    }
    journal_.Add("cancelled");
    co_return written;
  }
  for (absl::string_view word : absl::StrSplit(request.question(), ' ', absl::SkipEmpty())) {
    if (word == "break") co_return absl::UnavailableError("broken");
    if (word == "hang") {
      const absl::Status slept = co_await context.Sleep(absl::InfiniteDuration());
      journal_.Add("cancelled");
      co_return slept;
    }
    answer.set_text(std::string(word));
    RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(answer));
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> LibraryService::Watch(ServerContext& context, const WatchRequest& request,
                                              runnel::Writer<BookEvent>& writer) {
  int last = 0;
  if (!absl::SimpleAtoi(context.last_event_id(), &last)) last = 0;
  for (int id = last + 1; id <= 3; ++id) {
    BookEvent event;
    event.mutable_put()->set_id(absl::StrCat(id));
    const std::string text = absl::StrCat(id);
    RUNNEL_CO_RETURN_IF_ERROR(co_await writer.WriteWithId(event, text));
    // A stream that is cut, and goes on behind it.
    if (request.since() == "cut" && id == 2) co_return absl::OkStatus();
  }
  BookEvent event;
  event.mutable_closed();
  co_return co_await writer.Write(event);
}

Awaitable<absl::Status> LinesService::Follow(ServerContext&, const WatchRequest& request,
                                             runnel::Writer<LineEvent>& writer) {
  LineEvent event;
  event.set_line(request.since());
  RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(event));
  event.mutable_answer()->set_number(42);
  RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(event));
  event.mutable_other()->set_name("other.name");
  event.mutable_other()->set_data("<data>");
  co_return co_await writer.Write(event);
}

Awaitable<absl::Status> LinesService::Count(ServerContext&, const WatchRequest& request,
                                            runnel::Writer<Answer>& writer) {
  int count = 0;
  if (!absl::SimpleAtoi(request.since(), &count)) {
    co_return absl::InvalidArgumentError("`since` is no number");
  }
  Answer answer;
  for (int i = 0; i < count; ++i) {
    answer.set_number(i);
    RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(answer));
  }
  co_return absl::OutOfRangeError("no more");
}

}  // namespace end_to_end
