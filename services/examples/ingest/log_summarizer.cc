#include "services/examples/ingest/log_summarizer.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/examples/ingest/time_text.h"
#include "services/examples/shared/proto_time.h"

namespace examples::ingest {
namespace {

constexpr size_t kMaxLineBytes = 1 << 20;
// A level stands near the start of its line; further on "error" is just a word.
constexpr size_t kLevelWithin = 200;

struct Level {
  const char* word;
  const char* name;
};
constexpr Level kLevels[] = {
    {"TRACE", "TRACE"}, {"DEBUG", "DEBUG"},    {"INFO", "INFO"},   {"NOTICE", "INFO"},
    {"WARN", "WARN"},   {"WARNING", "WARN"},   {"ERROR", "ERROR"}, {"ERR", "ERROR"},
    {"FATAL", "FATAL"}, {"CRITICAL", "FATAL"}, {"CRIT", "FATAL"},
};

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Levels are written in capitals; in small letters only as "[error]", "level=error" or
// "\"level\":\"error\"".
bool MayBeLevel(std::string_view before, std::string_view word, std::string_view after) {
  if (std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isupper(c); })) {
    return true;
  }
  return (EndsWith(before, "[") && !after.empty() && after.front() == ']') ||
         EndsWith(before, "level=") || EndsWith(before, "\"level\":\"");
}

// The first word of `line` that is a level; nullptr when there is none.
const char* FindLevel(std::string_view line) {
  line = line.substr(0, kLevelWithin);
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  for (auto at = std::find_if(line.begin(), line.end(), is_letter); at != line.end();) {
    const auto end = std::find_if_not(at, line.end(), is_letter);
    const std::string_view word = line.substr(at - line.begin(), end - at);
    for (const Level& level : kLevels) {
      if (absl::EqualsIgnoreCase(std::string(word), level.word) &&
          MayBeLevel(line.substr(0, at - line.begin()), word, line.substr(end - line.begin()))) {
        return level.name;
      }
    }
    at = std::find_if(end, line.end(), is_letter);
  }
  return nullptr;
}

// The status in an access log's line: `… "GET / HTTP/1.1" 200 2326`; 0 when there is none.
int FindHttpStatus(std::string_view line) {
  size_t at = line.find("HTTP/");
  if (at == std::string_view::npos) return 0;
  at = line.find("\" ", at);
  if (at == std::string_view::npos || at + 5 > line.size()) return 0;
  const std::string_view digits = line.substr(at + 2, 3);
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) return 0;
  if (at + 5 < line.size() && line[at + 5] != ' ') return 0;
  return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

}  // namespace

absl::Status LogSummarizer::Add(std::string_view bytes) {
  while (true) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (begun_.size() + piece.size() > kMaxLineBytes) {
      return absl::InvalidArgumentError(absl::StrCat("line ", lines_ + 1, " has more than ",
                                                     kMaxLineBytes, " bytes: this is no log file"));
    }
    if (end == std::string_view::npos) {
      begun_ += piece;
      return absl::OkStatus();
    }
    absl::Status status;
    if (begun_.empty()) {
      status = AddLine(piece);
    } else {
      begun_ += piece;
      status = AddLine(begun_);
      begun_.clear();
    }
    if (!status.ok()) return status;
    bytes.remove_prefix(end + 1);
  }
}

absl::Status LogSummarizer::AddLine(std::string_view line) {
  ++lines_;
  if (line.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", lines_, " holds a zero byte: this is no text"));
  }
  if (const char* level = FindLevel(line)) ++(*counts_.mutable_levels())[level];
  if (const int status = FindHttpStatus(line)) ++(*counts_.mutable_statuses())[status];
  if (std::optional<absl::Time> time = FindTime(line)) {
    first_time_ = std::min(*time, first_time_.value_or(*time));
    last_time_ = std::max(*time, last_time_.value_or(*time));
  } else {
    counts_.set_lines_without_time(counts_.lines_without_time() + 1);
  }
  return absl::OkStatus();
}

absl::Status LogSummarizer::Finish(v1::Summary& summary) {
  if (!begun_.empty()) {
    if (absl::Status status = AddLine(begun_); !status.ok()) return status;
    begun_.clear();
  }
  summary.set_lines(lines_);
  if (first_time_) *counts_.mutable_first_time() = ToProto(*first_time_);
  if (last_time_) *counts_.mutable_last_time() = ToProto(*last_time_);
  *summary.mutable_log() = counts_;
  return absl::OkStatus();
}

}  // namespace examples::ingest
