#include "runtime/client/event_source_decoder.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/utf8.h"

namespace runnel {
namespace {

absl::Status Named(absl::Status status, size_t max_event_bytes) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat("an event, or a line, of more than ", max_event_bytes,
                   " bytes; the limit is EventSourceOptions::max_event_bytes"));
}

}  // namespace

EventSourceDecoder::EventSourceDecoder(const DecoderOptions& options,
                                       std::string_view last_event_id)
    : options_(options),
      lines_(options.raw ? EventLines::Keep::kBlocks : EventLines::Keep::kLines,
             options.max_event_bytes),
      parser_(options.max_event_bytes) {
  parser_.set_last_event_id(last_event_id);
}

void EventSourceDecoder::Feed(std::string_view bytes) {
  if (options_.gzip) {
    gzip_.Feed(bytes);
  } else {
    plain_ = bytes;
  }
}

EventSourceDecoder::Piece EventSourceDecoder::NextPlain() {
  if (options_.gzip) return gzip_.Next();
  if (plain_.empty()) return std::nullopt;
  return std::exchange(plain_, std::string_view());
}

EventSourceDecoder::Piece EventSourceDecoder::NextPiece() {
  if (!options_.comments && !options_.raw) return NextPlain();
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> piece, lines_.Next());
    if (piece) return piece;
    RUNNEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> plain, NextPlain());
    if (!plain) return std::nullopt;
    lines_.Feed(*plain);
  }
}

absl::StatusOr<std::optional<SourceEvent>> EventSourceDecoder::NextParsed() {
  RUNNEL_ASSIGN_OR_RETURN(const std::optional<EventView> view, parser_.Next());
  if (!view) return std::nullopt;
  SourceEvent event;
  event.type = view->type;
  event.data = view->data;
  event.id = view->id;
  if (options_.raw) event.raw = lines_.block();
  return event;
}

absl::StatusOr<std::optional<SourceEvent>> EventSourceDecoder::Next() {
  while (true) {
    if (fed_) {
      absl::StatusOr<std::optional<SourceEvent>> event = NextParsed();
      if (!event.ok()) return Named(event.status(), options_.max_event_bytes);
      if (*event) return event;
      fed_ = false;
      const std::optional<std::string_view> text =
          options_.comments ? lines_.comment() : std::nullopt;
      if (text) {
        SourceEvent comment;
        comment.comment = true;
        AppendRepairedUtf8(*text, comment.data);
        comment.id = parser_.last_event_id();
        return comment;
      }
    }
    const Piece piece = NextPiece();
    if (!piece.ok()) return Named(piece.status(), options_.max_event_bytes);
    if (!*piece) return std::nullopt;
    parser_.Feed(**piece);
    fed_ = true;
  }
}

}  // namespace runnel
