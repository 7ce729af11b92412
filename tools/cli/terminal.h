// What standard output and standard error are, and how they may be written to.

#ifndef TOOLS_CLI_TERMINAL_H_
#define TOOLS_CLI_TERMINAL_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace runnel::cli {

// A value, made once by main and handed on.
struct Terminal {
  // Asks the file descriptor and the environment (NO_COLOR, TERM, COLUMNS, the locale).
  static Terminal Of(int file_descriptor);

  bool is_terminal = false;
  bool colors = false;   // a terminal that has them, and nobody objects
  bool unicode = false;  // the locale's encoding is UTF-8
  size_t width = 80;
  size_t height = 24;
};

// Colours that can be read on light and on dark: the terminal's own, none of them yellow or white.
enum class Style { kPlain, kBold, kDim, kRed, kGreen, kBlue, kMagenta };

// `text` in a style, or as it is where `colors` is false.
std::string Styled(std::string_view text, Style style, bool colors);

// As many columns as text takes on a terminal: its code points.
size_t Columns(std::string_view text);
// The beginning of `text` that fits, with "…" at its end where that is not all.
std::string Shortened(std::string_view text, size_t columns);
// Words in lines of at most `width` columns.
std::string Wrapped(std::string_view text, size_t width, std::string_view indent);
// Control characters as \u001b, but for line ends: what a server says must not speak to the
// terminal. In JSON it means the same.
std::string Harmless(std::string_view text);

// Writes all of it, or says why not: CANCELLED when nobody reads any more (EPIPE), else INTERNAL.
absl::Status WriteAll(int file_descriptor, std::string_view bytes);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_TERMINAL_H_
