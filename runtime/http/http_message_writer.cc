#include "runtime/http/http_message_writer.h"

#include <array>
#include <boost/asio/post.hpp>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_memory.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

bool IsFraming(std::string_view name) {
  switch (name.size()) {
    case 10:
      return EqualsIgnoreCase(name, "connection") || EqualsIgnoreCase(name, "keep-alive");
    case 14:
      return EqualsIgnoreCase(name, "content-length");
    case 17:
      return EqualsIgnoreCase(name, "transfer-encoding");
    default:
      return false;
  }
}

// Which characters a name may have, and a value.
struct FieldCharacters {
  constexpr FieldCharacters() {
    for (int c = 0; c < 256; ++c) {
      value[c] = (c >= ' ' || c == '\t') && c != 0x7f;
      name[c] = c > ' ' && c < 0x7f;
    }
    for (unsigned char c : std::string_view("\"(),/:;<=>?@[\\]{}")) name[c] = false;
  }

  bool name[256] = {};
  bool value[256] = {};
};
constexpr FieldCharacters kFieldCharacters;

bool AllAre(const bool (&characters)[256], std::string_view text) {
  bool all = true;
  for (unsigned char c : text) all &= characters[c];
  return all;
}

asio::const_buffer Buffer(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

absl::Status AppendHeaders(const HttpHeaders& headers, std::string* head) {
  for (const auto& [name, value] : headers) {
    if (name.empty() || !AllAre(kFieldCharacters.name, name)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is no name of a header"));
    }
    if (!AllAre(kFieldCharacters.value, value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the header ", name, " has a control character in its value"));
    }
    if (IsFraming(name)) continue;
    absl::StrAppend(head, name, ": ", value, "\r\n");
  }
  head->append("\r\n");
  return absl::OkStatus();
}

// Shared with the task that sends a head alone, which may outlive the writer by a turn.
struct HttpMessageWriter::State : std::enable_shared_from_this<HttpMessageWriter::State> {
  State(Executor e, std::shared_ptr<ByteStream> s) : executor(std::move(e)), stream(std::move(s)) {}

  // Writes what the connection takes at once. Whether that is all; else `buffers` become the rest,
  // for Put.
  bool PutNow(std::span<asio::const_buffer>& buffers) {
    if (writing || !failure.ok()) return false;
    size_t written = stream->TryWrite(buffers);
    for (; !buffers.empty() && buffers.front().size() <= written; buffers = buffers.subspan(1)) {
      written -= buffers.front().size();
    }
    if (!buffers.empty()) buffers.front() += written;
    return buffers.empty();
  }

  Awaitable<absl::Status> Put(std::span<const asio::const_buffer> buffers) {
    while (writing) RUNNEL_CO_RETURN_IF_ERROR(co_await written.Wait());
    if (!failure.ok()) co_return failure;
    writing = true;
    absl::Status status = co_await stream->Write(buffers);
    writing = false;
    if (!status.ok()) failure = status;
    written.Notify();
    co_return status;
  }

  // Sends the head in the next turn of the loop, unless it has left with a piece by then.
  void SendHeadSoon() {
    asio::post(executor, [weak = weak_from_this(), turn = head_turn] {
      std::shared_ptr<State> state = weak.lock();
      if (state != nullptr && state->head_waits && state->head_turn == turn) {
        if (!state->tasks) state->tasks.emplace(state->executor);
        state->tasks->Spawn(SendHeadAlone(state));
      }
    });
  }

  const Executor executor;
  const std::shared_ptr<ByteStream> stream;
  std::string head;
  bool head_waits = false;
  uint64_t head_turn = 0;
  bool writing = false;
  Signal written;
  absl::Status failure;
  std::optional<TaskGroup> tasks;  // made when needed
};

HttpMessageWriter::HttpMessageWriter(Executor executor, std::shared_ptr<ByteStream> stream)
    : state_(std::make_shared<State>(std::move(executor), std::move(stream))) {}

HttpMessageWriter::~HttpMessageWriter() = default;

Awaitable<void> HttpMessageWriter::SendHeadAlone(std::shared_ptr<State> state) {
  if (!std::exchange(state->head_waits, false)) co_return;
  const std::array<asio::const_buffer, 1> buffers = {Buffer(state->head)};
  const absl::Status status = co_await state->Put(buffers);
  status.IgnoreError();  // it is in state->failure, for the next piece
}

Awaitable<absl::Status> HttpMessageWriter::WriteBytes(std::string_view bytes) {
  std::shared_ptr<State> state = state_;
  const std::array<asio::const_buffer, 1> buffers = {Buffer(bytes)};
  co_return co_await state->Put(buffers);
}

Awaitable<HttpMessageWriter::Result> HttpMessageWriter::Write(std::string head, HttpBody* body,
                                                              BodyFraming framing) {
  std::shared_ptr<State> state = state_;
  state->head = std::move(head);
  uint64_t left = 0;
  if (framing == BodyFraming::kLength) left = body->size().value_or(0);
  if (framing == BodyFraming::kNone || (framing == BodyFraming::kLength && left == 0)) {
    std::array<asio::const_buffer, 1> buffers = {Buffer(state->head)};
    std::span<asio::const_buffer> rest(buffers);
    if (state->PutNow(rest)) co_return Result();
    absl::Status status = co_await state->Put(rest);
    co_return Result(std::move(status));
  }
  state->head_waits = true;
  ++state->head_turn;
  // A body that knows its size is all there, as a rule.
  if (framing != BodyFraming::kLength) state->SendHeadSoon();

  for (bool ended = false; !ended;) {
    std::optional<HttpBody::Piece> read = body->TryRead();
    if (!read.has_value()) read = co_await body->Read();
    if (!read->ok()) {
      state->head_waits = false;
      co_return Result(std::move(*read).status(), true);
    }
    const std::string_view piece = (*read)->value_or(std::string_view());
    ended = !(*read)->has_value() || body->ended();
    if (framing == BodyFraming::kLength) {
      if (piece.size() > left || (ended && piece.size() < left)) {
        state->head_waits = false;
        co_return Result(absl::InternalError(absl::StrCat("a body of ", *body->size(),
                                                          " bytes, by its size(), has ",
                                                          piece.size() > left ? "more" : "fewer")),
                         true);
      }
      left -= piece.size();
      ended = left == 0;
    }

    std::array<asio::const_buffer, 4> buffers;
    size_t count = 0;
    char size[20];
    if (std::exchange(state->head_waits, false)) buffers[count++] = Buffer(state->head);
    if (framing == BodyFraming::kChunked) {
      if (!piece.empty()) {
        char* end = std::to_chars(size, size + sizeof(size) - 2, piece.size(), 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        buffers[count++] = Buffer({size, static_cast<size_t>(end - size)});
        buffers[count++] = Buffer(piece);
      }
      const std::string_view tail = piece.empty() ? "0\r\n\r\n" : ended ? "\r\n0\r\n\r\n" : "\r\n";
      if (ended || !piece.empty()) buffers[count++] = Buffer(tail);
    } else if (!piece.empty()) {
      buffers[count++] = Buffer(piece);
    }
    std::span<asio::const_buffer> rest = std::span(buffers).first(count);
    if (!state->PutNow(rest)) {
      absl::Status status = co_await state->Put(rest);
      if (!status.ok()) co_return Result(std::move(status));
    }
    if (!state->head_waits && !state->head.empty()) FreeMemory(state->head);
  }
  co_return Result();
}

}  // namespace runnel
