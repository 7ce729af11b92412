#include "services/examples/ingest/csv_summarizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/examples/ingest/time_text.h"
#include "services/examples/shared/proto_time.h"
#include "services/examples/shared/utf8.h"

namespace examples::ingest {
namespace {

constexpr size_t kMaxRowBytes = 1 << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

absl::Status CsvSummarizer::Add(std::string_view bytes) {
  for (char c : bytes) {
    if (absl::Status status = AddByte(c); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CsvSummarizer::AddByte(char c) {
  if (c == '\0') return Bad("holds a zero byte: this is no text");
  if (++row_bytes_ > kMaxRowBytes) {
    return Bad(absl::StrCat("is in a row of more than ", kMaxRowBytes,
                            " bytes: this is no CSV file, or a quote is not closed"));
  }
  line_begun_ = c != '\n';
  if (c == '\n' && place_ != Place::kQuoted) {
    if (absl::Status status = EndRow(); !status.ok()) return status;
    row_line_ = ++line_;
    return absl::OkStatus();
  }
  if (c == '\n') ++line_;
  switch (place_) {
    case Place::kFieldStart:
      if (c == '"') {
        place_ = Place::kQuoted;
        return absl::OkStatus();
      }
      [[fallthrough]];
    case Place::kField:
      if (c == ',') {
        row_.push_back(std::exchange(field_, std::string()));
        place_ = Place::kFieldStart;
      } else if (c == '"' && !(columns_.empty() && row_.empty() && field_ == kByteOrderMark)) {
        return Bad("has a quote inside of a field that does not begin with one");
      } else if (c == '"') {
        field_.clear();
        place_ = Place::kQuoted;
      } else {
        field_ += c;
        place_ = Place::kField;
      }
      return absl::OkStatus();
    case Place::kQuoted:
      if (c == '"') {
        place_ = Place::kQuoteInQuoted;
      } else {
        field_ += c;
      }
      return absl::OkStatus();
    case Place::kQuoteInQuoted:
      if (c == '"') {
        field_ += c;  // a doubled quote is one
        place_ = Place::kQuoted;
      } else if (c == ',') {
        row_.push_back(std::exchange(field_, std::string()));
        place_ = Place::kFieldStart;
      } else if (c != '\r') {
        return Bad("has text between a closing quote and the next comma");
      }
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status CsvSummarizer::EndRow() {
  if (place_ != Place::kQuoteInQuoted && !field_.empty() && field_.back() == '\r')
    field_.pop_back();
  row_.push_back(std::exchange(field_, std::string()));
  place_ = Place::kFieldStart;
  row_bytes_ = 0;
  absl::Status status = AddRow();
  row_.clear();
  return status;
}

absl::Status CsvSummarizer::AddRow() {
  if (row_.size() == 1 && row_[0].empty() && columns_.size() != 1) return absl::OkStatus();
  if (columns_.empty()) {
    if (row_[0].rfind(kByteOrderMark, 0) == 0) row_[0].erase(0, kByteOrderMark.size());
    for (const std::string& name : row_) {
      columns_.emplace_back();
      columns_.back().name = ToUtf8(name);
    }
    return absl::OkStatus();
  }
  if (row_.size() != columns_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the row at line ", row_line_, " has ",
                                                   row_.size(), " fields, the row of names has ",
                                                   columns_.size()));
  }
  ++rows_;
  for (size_t i = 0; i < row_.size(); ++i) {
    const std::string& value = row_[i];
    ColumnFacts& column = columns_[i];
    if (value.empty()) {
      ++column.empty;
      continue;
    }
    const bool is_first = ++column.filled == 1;
    double number;
    column.all_numbers =
        column.all_numbers && absl::SimpleAtod(value, &number) && std::isfinite(number);
    if (column.all_numbers) {
      column.min = is_first ? number : std::min(column.min, number);
      column.max = is_first ? number : std::max(column.max, number);
      column.sum += number;
    }
    std::optional<absl::Time> time;
    if (column.all_times) time = ParseTime(value);
    column.all_times = time.has_value();
    if (time) {
      column.first = is_first ? *time : std::min(column.first, *time);
      column.last = is_first ? *time : std::max(column.last, *time);
    }
  }
  return absl::OkStatus();
}

absl::Status CsvSummarizer::Finish(v1::Summary& summary) {
  if (place_ == Place::kQuoted) {
    return absl::InvalidArgumentError(
        absl::StrCat("a quote in the row at line ", row_line_, " is not closed"));
  }
  const int64_t lines = line_ - 1 + (line_begun_ ? 1 : 0);
  if (line_begun_) {
    if (absl::Status status = EndRow(); !status.ok()) return status;
  }
  if (columns_.empty()) {
    return absl::InvalidArgumentError("the file is empty: a CSV file begins with a row of names");
  }
  summary.set_lines(lines);
  v1::CsvSummary& csv = *summary.mutable_csv();
  csv.set_rows(rows_);
  for (const ColumnFacts& facts : columns_) {
    v1::Column& column = *csv.add_columns();
    column.set_name(facts.name);
    column.set_empty(facts.empty);
    if (facts.filled == 0) continue;
    if (facts.all_numbers) {
      column.mutable_numbers()->set_min(facts.min);
      column.mutable_numbers()->set_max(facts.max);
      column.mutable_numbers()->set_mean(facts.sum / static_cast<double>(facts.filled));
    }
    if (facts.all_times) {
      *column.mutable_times()->mutable_first() = ToProto(facts.first);
      *column.mutable_times()->mutable_last() = ToProto(facts.last);
    }
  }
  return absl::OkStatus();
}

absl::Status CsvSummarizer::Bad(std::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat("line ", line_, " ", std::string(what)));
}

}  // namespace examples::ingest
