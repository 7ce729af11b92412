#include "runtime/http/http_body.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

class WholeBody : public HttpBody {
 public:
  explicit WholeBody(std::string bytes) : bytes_(std::move(bytes)) {}

  Awaitable<Piece> Read() override { co_return *TryRead(); }
  std::optional<Piece> TryRead() override {
    if (std::exchange(read_, true) || bytes_.empty()) return Piece(std::nullopt);
    return Piece(std::string_view(bytes_));
  }

  std::optional<std::string_view> TryReadAll(uint64_t max_bytes) override {
    if (read_ || bytes_.size() > max_bytes) return std::nullopt;
    read_ = true;
    return bytes_;
  }
  std::optional<uint64_t> size() const override { return bytes_.size(); }
  bool ended() const override { return read_; }
  bool whole() const override { return true; }
  bool Rewind() override {
    read_ = false;
    return true;
  }

 private:
  const std::string bytes_;
  bool read_ = false;
};

}  // namespace

std::unique_ptr<HttpBody> StringBody(std::string bytes) {
  return std::make_unique<WholeBody>(std::move(bytes));
}

Awaitable<absl::StatusOr<std::string>> ReadAll(HttpBody* body, uint64_t max_bytes,
                                               std::string_view limit_name, ByteBudget* budget) {
  std::string all;
  ByteLease lease(budget);
  if (body == nullptr) co_return all;
  const std::optional<uint64_t> size = body->size();
  if (size.has_value() && *size > max_bytes) {
    co_return absl::ResourceExhaustedError(absl::StrCat("body of ", *size, " bytes; limit is ",
                                                        AbslView(limit_name), " = ", max_bytes));
  }
  if (size.has_value()) all.reserve(*size);
  for (;;) {
    std::optional<HttpBody::Piece> read = body->TryRead();
    if (!read.has_value()) read = co_await body->Read();
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::optional<std::string_view> piece, *std::move(read));
    if (!piece.has_value()) co_return all;
    if (piece->size() > max_bytes - all.size()) {
      co_return absl::ResourceExhaustedError(
          absl::StrCat("body of more than ", all.size() + piece->size() - 1, " bytes; limit is ",
                       AbslView(limit_name), " = ", max_bytes));
    }
    RUNNEL_CO_RETURN_IF_ERROR(lease.Resize(all.size() + piece->size()));
    all += *piece;
    if (body->ended()) co_return all;
  }
}

}  // namespace runnel
