#include "runtime/http/message_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/http/request_target.h"

namespace runnel {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// Method and version in a request line, generously.
constexpr size_t kRequestLineExtra = 64;
constexpr size_t kLastChunkBytes = 5;  // "0\r\n\r\n"

std::string_view View(beast::string_view s) { return {s.data(), s.size()}; }

bool IsDigits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

class MessageParser::Engine {
 public:
  virtual ~Engine() = default;
  virtual size_t Put(std::string_view bytes) = 0;
  virtual void PutEof() = 0;
  virtual void Skip() = 0;
  virtual bool HeadDone() const = 0;
  virtual bool Done() const = 0;
  virtual bool NeedsEof() const = 0;
  virtual std::optional<uint64_t> Remaining() const = 0;

  MessageHead head;
  std::string_view piece;
  std::optional<MessageError> error;
  size_t head_bytes = 0;  // taken so far
  bool start_line_done = false;
  uint64_t chunk_left = 0;  // of the chunk whose data is arriving
};

// Beast does the grammar; this keeps what it finds, and adds the limits and the rules on framing.
template <bool kIsRequest>
class MessageParser::BeastEngine final : public MessageParser::Engine,
                                         private http::basic_parser<kIsRequest> {
 public:
  explicit BeastEngine(const HeadLimits& limits) : limits_(limits) {
    this->header_limit(static_cast<uint32_t>(limits.max_header_bytes));
    this->body_limit(boost::none);
  }

  size_t Put(std::string_view bytes) override {
    beast::error_code code;
    const size_t taken = this->put(boost::asio::const_buffer(bytes.data(), bytes.size()), code);
    if (code && code != http::error::need_more) Fail(code);
    return taken;
  }

  void PutEof() override {
    beast::error_code code;
    if (this->got_some()) this->put_eof(code);
    if (code) Refuse(400, "the message ends too soon");
  }

  void Skip() override { this->skip(true); }
  bool HeadDone() const override { return this->is_header_done(); }
  bool Done() const override { return this->is_done(); }
  bool NeedsEof() const override { return this->need_eof(); }
  std::optional<uint64_t> Remaining() const override {
    const auto remaining = this->content_length_remaining();
    return remaining ? std::optional<uint64_t>(*remaining) : std::nullopt;
  }

 private:
  void Refuse(int status, std::string message) {
    if (!error.has_value()) error = MessageError{status, std::move(message)};
  }

  // As Refuse, from inside one of Beast's callbacks.
  void Refuse(int status, std::string message, beast::error_code& code) {
    Refuse(status, std::move(message));
    code = http::error::bad_value;
  }

  void Fail(const beast::error_code& code) {
    if (code == http::error::header_limit) {
      Refuse(431, absl::StrCat("the header fields have more than ", limits_.max_header_bytes,
                               " bytes; limit is max_header_bytes"));
    } else {
      Refuse(400, absl::StrCat("malformed HTTP message: ", code.message()));
    }
  }

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, beast::error_code& code) override {
    start_line_done = true;
    if (target.size() > limits_.max_target_bytes) {
      return Refuse(414,
                    absl::StrCat("the request target has more than ", limits_.max_target_bytes,
                                 " bytes; limit is max_target_bytes"),
                    code);
    }
    head.method = View(method);
    head.target = View(target);
    head.version = version;
  }

  void on_response_impl(int status, beast::string_view, int version, beast::error_code&) override {
    start_line_done = true;
    head.status = status;
    head.version = version;
  }

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code& code) override {
    if (++fields_ > limits_.max_header_fields) {
      return Refuse(431,
                    absl::StrCat("more than ", limits_.max_header_fields,
                                 " header fields; limit is max_header_fields"),
                    code);
    }
    if (this->is_header_done()) return;  // trailers are counted and dropped
    switch (field) {
      case http::field::content_length:
        if (head.content_length.has_value()) {
          return Refuse(400, "more than one Content-Length", code);
        }
        if (!IsDigits(View(value))) return Refuse(400, "malformed Content-Length", code);
        // Beast has seen that it is a number that fits.
        head.content_length = uint64_t{0};
        for (char digit : value) *head.content_length = *head.content_length * 10 + (digit - '0');
        return;
      case http::field::transfer_encoding:
        if (!EqualsIgnoreCase(View(value), "chunked")) {
          return Refuse(400, "unknown Transfer-Encoding; only chunked is understood", code);
        }
        if (kIsRequest && head.version < 11) {
          return Refuse(400, "Transfer-Encoding in an HTTP/1.0 request", code);
        }
        return;
      case http::field::host:
        if (++hosts_ > 1 && kIsRequest) return Refuse(400, "more than one Host", code);
        break;
      case http::field::expect:
        if constexpr (kIsRequest) {
          if (!EqualsIgnoreCase(View(value), "100-continue")) {
            return Refuse(417, "unknown Expect; only 100-continue is understood", code);
          }
          head.expect_continue = head.version >= 11;
          return;
        }
        break;
      case http::field::connection:
      case http::field::proxy_connection:
      case http::field::keep_alive:
        return;
      default:
        break;
    }
    head.headers.Add(View(name), View(value));
  }

  void on_header_impl(beast::error_code& code) override {
    head.keep_alive = this->keep_alive();
    head.chunked = this->chunked();
    if (!kIsRequest) return;
    if (head.version >= 11 && hosts_ == 0) return Refuse(400, "no Host", code);
    const absl::Status valid = NormalizeTarget(head.target, head.headers);
    if (!valid.ok()) Refuse(400, std::string(StdView(valid.message())), code);
  }

  void on_body_init_impl(const boost::optional<uint64_t>&, beast::error_code&) override {}

  size_t on_body_impl(beast::string_view body, beast::error_code&) override {
    piece = View(body);
    return body.size();
  }

  void on_chunk_header_impl(uint64_t size, beast::string_view, beast::error_code&) override {
    chunk_left = size;
  }

  size_t on_chunk_body_impl(uint64_t, beast::string_view body, beast::error_code&) override {
    piece = View(body);
    chunk_left -= body.size();
    return body.size();
  }

  void on_finish_impl(beast::error_code&) override {}

  const HeadLimits& limits_;
  size_t fields_ = 0;
  int hosts_ = 0;
};

MessageParser::MessageParser(Kind kind, const Limits& limits)
    : kind_(kind),
      limits_{limits.max_header_bytes, limits.max_header_fields, limits.max_target_bytes} {}

MessageParser::~MessageParser() = default;

void MessageParser::Reset() { engine_.reset(); }

void MessageParser::Begin() {
  if (engine_ != nullptr) return;
  if (kind_ == Kind::kRequest) {
    engine_ = std::make_unique<BeastEngine<true>>(limits_);
  } else {
    engine_ = std::make_unique<BeastEngine<false>>(limits_);
  }
}

void MessageParser::ExpectNoBody() {
  Begin();
  engine_->Skip();
}

size_t MessageParser::ParseHead(std::string_view bytes) {
  Begin();
  size_t taken = 0;
  if (!started() && kind_ == Kind::kRequest) {
    // Some clients end a body with a line too many (RFC 9112 section 2.2).
    while (taken < bytes.size() && (bytes[taken] == '\r' || bytes[taken] == '\n')) ++taken;
  }
  while (!head_done() && !error().has_value() && taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    if (kind_ == Kind::kRequest && !engine_->start_line_done) {
      const size_t max_line = limits_.max_target_bytes + kRequestLineExtra;
      const size_t line = std::min(rest.substr(0, max_line + 1).find('\n'), rest.size());
      if (line > max_line) {
        engine_->error = MessageError{
            414, absl::StrCat("the request target has more than ", limits_.max_target_bytes,
                              " bytes; limit is max_target_bytes")};
        break;
      }
    }
    const size_t n = engine_->Put(rest);
    taken += n;
    engine_->head_bytes += n;
    const size_t seen = engine_->head_bytes + (head_done() ? 0 : bytes.size() - taken);
    if (!error().has_value() && seen > limits_.max_header_bytes) {
      engine_->error = MessageError{
          431, absl::StrCat("the header fields have more than ", limits_.max_header_bytes,
                            " bytes; limit is max_header_bytes")};
    }
    if (n == 0) break;
  }
  return taken;
}

size_t MessageParser::ParseBody(std::string_view bytes, std::string_view* piece) {
  size_t taken = 0;
  engine_->piece = {};
  while (!done() && !error().has_value() && engine_->piece.empty() && taken < bytes.size()) {
    // Beast's parser, given the beginning of a last chunk, must not be asked again before it
    // can be all there: with assertions enabled it ends the program.
    if (head().chunked && engine_->chunk_left == 0 && bytes.size() - taken < kLastChunkBytes) break;
    const size_t n = engine_->Put(bytes.substr(taken));
    taken += n;
    if (n == 0) break;
  }
  // What is left now begins with a chunk's head, or the trailers, that are not complete.
  if (!done() && !error().has_value() && engine_->piece.empty() &&
      bytes.size() - taken > limits_.max_header_bytes) {
    engine_->error = MessageError{
        431, absl::StrCat("a chunk's head, or the trailers, have more than ",
                          limits_.max_header_bytes, " bytes; limit is max_header_bytes")};
  }
  *piece = engine_->piece;
  return taken;
}

void MessageParser::ParseEnd() {
  if (engine_ != nullptr) engine_->PutEof();
}

bool MessageParser::started() const { return engine_ != nullptr && engine_->head_bytes > 0; }
bool MessageParser::head_done() const { return engine_ != nullptr && engine_->HeadDone(); }
bool MessageParser::done() const { return engine_ != nullptr && engine_->Done(); }
const std::optional<MessageError>& MessageParser::error() const {
  static const std::optional<MessageError> none;
  return engine_ != nullptr ? engine_->error : none;
}
bool MessageParser::until_close() const { return engine_ != nullptr && engine_->NeedsEof(); }
MessageHead& MessageParser::head() {
  Begin();
  return engine_->head;
}
std::optional<uint64_t> MessageParser::remaining() const {
  return engine_ != nullptr ? engine_->Remaining() : std::nullopt;
}

}  // namespace runnel
