#include "tools/cli/response_batch.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

namespace runnel::cli {
namespace {

// Enough for a write to cost little; a pipe holds as much.
constexpr size_t kFullBytes = 64 * 1024;

}  // namespace

Awaitable<ResponseBatch> ReadBatch(StreamHandle& stream, JsonText& message) {
  const Executor here = co_await asio::this_coro::executor;
  ResponseBatch batch;
  while (batch.lines.size() < kFullBytes) {
    if (!stream.TryRead(here, message)) {
      if (batch.messages > 0) break;
      absl::StatusOr<bool> read = co_await stream.Read(message);
      if (!read.ok() || !*read) {
        batch.end = read.status();
        break;
      }
    }
    batch.lines += message.text();
    batch.lines += '\n';
    ++batch.messages;
  }
  co_return batch;
}

}  // namespace runnel::cli
