#include "runtime/server/bearer_tokens.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/session/session_secret.h"

namespace runnel {
namespace {

// How often the file is looked at, at most.
constexpr absl::Duration kLookEvery = absl::Seconds(1);
// Some 12,000 tokens: read in a few milliseconds, on a loop that serves calls.
constexpr size_t kMostBytes = 1 << 20;
constexpr absl::string_view kHashed = "sha256:";
constexpr absl::string_view kPlain = "plain:";

struct Token {
  SecretHash hash;
  std::string principal;
};

// What tells one state of a file from another: inode, size, time of the last change.
using FileState = std::tuple<ino_t, off_t, time_t, long>;

std::optional<FileState> StateOf(const std::string& file) {
  struct stat status;
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  return FileState(status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

std::optional<SecretHash> ParseToken(absl::string_view field) {
  if (absl::StartsWith(field, kPlain) && field.size() > kPlain.size()) {
    return HashOfSecret(StdView(field.substr(kPlain.size())));
  }
  const std::string digits =
      absl::AsciiStrToLower(absl::StartsWith(field, kHashed) ? field.substr(kHashed.size()) : "");
  if (!IsSessionSecret(digits)) return std::nullopt;  // 64 digits, which a hash has too
  const std::string bytes = absl::HexStringToBytes(digits);
  SecretHash hash;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(hash.data()));
  return hash;
}

absl::StatusOr<std::vector<Token>> ParseFile(const std::string& file, absl::string_view text) {
  std::vector<Token> tokens;
  std::map<SecretHash, int> lines;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view stripped = absl::StripAsciiWhitespace(line);
    if (stripped.empty() || stripped[0] == '#') continue;
    const std::vector<absl::string_view> fields =
        absl::StrSplit(stripped, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const bool two = fields.size() == 2 || (fields.size() > 2 && fields[2][0] == '#');
    const std::optional<SecretHash> hash = two ? ParseToken(fields[1]) : std::nullopt;
    if (!hash) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number,
                       ": this is not of the form \"PRINCIPAL sha256:HASH\", the hash in 64 "
                       "hexadecimal digits, or \"PRINCIPAL plain:TOKEN\""));
    }
    const auto [first, is_new] = lines.emplace(*hash, number);
    if (!is_new) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number, ": the token is that of line ", first->second));
    }
    tokens.push_back({*hash, std::string(fields[0])});
  }
  return tokens;
}

absl::StatusOr<std::vector<Token>> ReadTokens(const std::string& file) {
  const std::unique_ptr<FILE, int (*)(FILE*)> in(std::fopen(file.c_str(), "re"), std::fclose);
  std::string text;
  if (in != nullptr) {
    char piece[4096];
    while (const size_t n = std::fread(piece, 1, sizeof(piece), in.get())) {
      if (text.append(piece, n).size() <= kMostBytes) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the file of tokens ", file, " has more than ", kMostBytes, " bytes"));
    }
  }
  if (in == nullptr || std::ferror(in.get()) != 0) {
    return absl::NotFoundError(
        absl::StrCat("the file of tokens ", file, " cannot be read: ", std::strerror(errno)));
  }
  return ParseFile(file, text);
}

// The token of "Bearer TOKEN", whatever the case of its first word.
std::optional<std::string_view> BearerTokenIn(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (!EqualsIgnoreCase(header.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  header.remove_prefix(kScheme.size());
  while (header.starts_with(' ')) header.remove_prefix(1);
  return header;
}

// Thread-safe.
class TokenFile {
 public:
  TokenFile(BearerTokensOptions options, std::vector<Token> tokens, std::optional<FileState> state)
      : options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : Clock::Real()),
        tokens_(std::move(tokens)),
        state_(std::move(state)),
        next_look_(clock_.Now() + kLookEvery) {}

  absl::StatusOr<std::string> PrincipalOf(const HttpHeaders& headers) {
    const std::optional<std::string_view> header = headers.Get("authorization");
    if (!header) {
      return absl::UnauthenticatedError(
          "this server wants a token: send the header \"Authorization: Bearer TOKEN\"");
    }
    const std::optional<std::string_view> token = BearerTokenIn(*header);
    if (!token) {
      return absl::UnauthenticatedError(
          "the header Authorization is not of the form \"Bearer TOKEN\"");
    }
    const SecretHash hash = HashOfSecret(*token);
    std::lock_guard lock(mutex_);
    Look();
    const Token* found = nullptr;
    for (const Token& known : tokens_) {  // all of them, wherever it is
      if (SameHash(known.hash, hash)) found = &known;
    }
    if (found == nullptr) {
      return absl::UnauthenticatedError(
          "the token is none of this server's, or no more: ask its operator for another");
    }
    return found->principal;
  }

 private:
  // Under the lock.
  void Look() {
    const absl::Time now = clock_.Now();
    if (now < next_look_) return;
    next_look_ = now + kLookEvery;
    std::optional<FileState> state = StateOf(options_.file);
    if (state == state_) return;
    state_ = std::move(state);
    absl::StatusOr<std::vector<Token>> read = ReadTokens(options_.file);
    const absl::Status status = read.status();
    if (read.ok()) tokens_ = *std::move(read);
    if (options_.on_reload) {
      options_.on_reload(status);
    } else if (!status.ok()) {
      std::fprintf(stderr, "runnel: %s; the tokens that were read before stay in force\n",
                   std::string(status.message()).c_str());
    }
  }

  const BearerTokensOptions options_;
  Clock& clock_;
  std::mutex mutex_;
  std::vector<Token> tokens_;
  std::optional<FileState> state_;  // when it was read last; nullopt for a file that was gone
  absl::Time next_look_;
};

Awaitable<absl::StatusOr<std::string>> Return(absl::StatusOr<std::string> principal) {
  co_return principal;
}

}  // namespace

absl::StatusOr<Authenticator> AuthenticateByTokens(BearerTokensOptions options) {
  // Before it is read: what changes meanwhile is seen later.
  std::optional<FileState> state = StateOf(options.file);
  RUNNEL_ASSIGN_OR_RETURN(std::vector<Token> tokens, ReadTokens(options.file));
  auto file = std::make_shared<TokenFile>(std::move(options), std::move(tokens), std::move(state));
  return Authenticator(
      [file](const Caller& caller) { return Return(file->PrincipalOf(caller.headers)); });
}

}  // namespace runnel
