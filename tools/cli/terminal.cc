#include "tools/cli/terminal.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "runtime/core/string_view.h"

namespace runnel::cli {
namespace {

constexpr size_t kLeastWidth = 20;
constexpr size_t kMostWidth = 500;

bool IsSet(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

std::string_view CodeOf(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "1";
    case Style::kDim:
      return "2";
    case Style::kRed:
      return "1;31";
    case Style::kGreen:
      return "32";
    case Style::kBlue:
      return "34";
    case Style::kMagenta:
      return "35";
  }
  return "";
}

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

Terminal Terminal::Of(int file_descriptor) {
  std::setlocale(LC_CTYPE, "");
  Terminal terminal;
  terminal.is_terminal = isatty(file_descriptor) == 1;
  const char* const term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  terminal.colors = terminal.is_terminal && !dumb && !IsSet("NO_COLOR");
  terminal.unicode = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  winsize size = {};
  if (terminal.is_terminal && ioctl(file_descriptor, TIOCGWINSZ, &size) == 0) {
    if (size.ws_col > 0) terminal.width = size.ws_col;
    if (size.ws_row > 0) terminal.height = size.ws_row;
  }
  size_t columns = 0;
  if (IsSet("COLUMNS") && absl::SimpleAtoi(std::getenv("COLUMNS"), &columns) && columns > 0) {
    terminal.width = columns;
  }
  terminal.width = std::min(std::max(terminal.width, kLeastWidth), kMostWidth);
  return terminal;
}

std::string Styled(std::string_view text, Style style, bool colors) {
  if (!colors || style == Style::kPlain || text.empty()) return std::string(text);
  return absl::StrCat("\x1b[", AbslView(CodeOf(style)), "m", AbslView(text), "\x1b[0m");
}

size_t Columns(std::string_view text) {
  size_t columns = 0;
  for (const char c : text) columns += StartsCodePoint(c) ? 1 : 0;
  return columns;
}

std::string Shortened(std::string_view text, size_t columns) {
  if (Columns(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  size_t bytes = 0;
  for (size_t taken = 0; bytes < text.size(); ++bytes) {
    if (StartsCodePoint(text[bytes]) && taken++ == columns - 1) break;
  }
  std::string_view kept = text.substr(0, bytes);
  while (!kept.empty() && kept.back() == ' ') kept.remove_suffix(1);
  return absl::StrCat(AbslView(kept), "…");
}

std::string Wrapped(std::string_view text, size_t width, std::string_view indent) {
  std::string out;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(AbslView(text), ' ', absl::SkipEmpty())) {
    const size_t columns = Columns(StdView(word));
    if (column > 0 && column + 1 + columns > width) {
      out += '\n';
      column = 0;
    }
    if (column == 0) {
      out += indent;
      column = indent.size();
    } else {
      out += ' ';
      ++column;
    }
    absl::StrAppend(&out, word);
    column += columns;
  }
  return out;
}

std::string Harmless(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F
      absl::StrAppendFormat(&out, "\\u%04x", next);
      ++i;
    } else if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
      absl::StrAppendFormat(&out, "\\u%04x", byte);
    } else {
      out += text[i];
    }
  }
  return out;
}

absl::Status WriteAll(int file_descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file_descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      return absl::CancelledError("nobody reads the output any more");
    } else if (errno != EINTR) {
      return absl::InternalError(absl::StrCat("cannot write the output: ", std::strerror(errno)));
    }
  }
  return absl::OkStatus();
}

}  // namespace runnel::cli
