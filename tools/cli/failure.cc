#include "tools/cli/failure.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {
namespace {

constexpr char kMistake[] = "runnel.cli/mistake";
constexpr char kOutput[] = "runnel.cli/output";

bool Says(const absl::Status& status, std::string_view words) {
  return absl::StrContains(status.message(), AbslView(words));
}

std::string HintOf(const absl::Status& status, std::string_view url) {
  const std::string shown(url);
  const bool tls = url.starts_with("https://");
  const std::string behind =
      shown.substr(shown.find("://") == std::string::npos ? 0 : shown.find("://") + 3);
  if (tls && Says(status, "does not speak TLS")) {
    return absl::StrCat("There is no TLS at ", behind, ": try http://", behind);
  }
  if (tls && (Says(status, "certificate verify failed") || Says(status, "self-signed"))) {
    return "The server's certificate is not from an authority that this machine trusts, or is for "
           "another name: --ca FILE names one that you trust, --server-name another name";
  }
  if (tls && (Says(status, "certificate required") || Says(status, "handshake failure"))) {
    return "The server may want a certificate of yours: --cert FILE --key FILE";
  }
  if (Says(status, "Connection refused") || Says(status, "No such file")) {
    return absl::StrCat("Nothing listens at ", behind,
                        ": is the server running, and is this its address?");
  }
  if (Says(status, "Host not found") || Says(status, "resolve")) {
    return absl::StrCat("There is no host of this name: ", behind);
  }
  if (!tls && absl::IsUnavailable(status) &&
      (Says(status, "End of file") || Says(status, "end of stream") || Says(status, "closed") ||
       Says(status, "bad version") || Says(status, "malformed") || Says(status, "reset"))) {
    return absl::StrCat("If there is TLS at ", behind, ", try https://", behind);
  }
  if (absl::IsDeadlineExceeded(status)) return "--timeout TIME gives it longer";
  if (absl::IsUnauthenticated(status)) {
    return "A bearer token is sent from --token-file FILE or $RUNNEL_TOKEN, other credentials with "
           "-H 'authorization: …'";
  }
  return "";
}

}  // namespace

absl::Status Mistake(absl::Status status) {
  if (!status.ok()) status.SetPayload(kMistake, absl::Cord());
  return status;
}

absl::Status OutputFailed(absl::Status status) {
  if (!status.ok()) status.SetPayload(kOutput, absl::Cord());
  return status;
}

int ExitCodeOf(const absl::Status& status) {
  if (status.GetPayload(kMistake).has_value()) return kExitMistake;
  if (status.GetPayload(kOutput).has_value()) {
    return absl::IsCancelled(status) ? kExitBrokenPipe : kExitOutput;
  }
  const int code = static_cast<int>(status.code());
  return code > 16 ? static_cast<int>(absl::StatusCode::kUnknown) : code;
}

std::string Explanation(const absl::Status& status, std::string_view url) {
  if (status.GetPayload(kMistake).has_value() || status.GetPayload(kOutput).has_value()) {
    return std::string(status.message());
  }
  std::string text = absl::StrCat(absl::StatusCodeToString(status.code()), ": ",
                                  Harmless(StdView(status.message())));
  const std::optional<ErrorInfo> info = GetErrorInfo(status);
  if (info) {
    absl::StrAppend(&text, "\nreason ", Harmless(info->reason));
    if (!info->domain.empty()) absl::StrAppend(&text, " (", Harmless(info->domain), ")");
    for (const auto& [key, value] : info->metadata) {
      absl::StrAppend(&text, ", ", Harmless(key), "=", Harmless(value));
    }
  }
  for (const StatusDetail& detail : GetDetails(status)) {
    if (detail.type == "google.rpc.ErrorInfo") continue;
    absl::StrAppend(&text, "\ndetail ", Harmless(detail.type), " of ", detail.value.size(),
                    " bytes");
  }
  const std::string hint = HintOf(status, url);
  if (!hint.empty()) absl::StrAppend(&text, "\n", hint);
  return text;
}

}  // namespace runnel::cli
