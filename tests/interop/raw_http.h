// RawHttp speaks HTTP over a plain socket, with nothing of the library: what curl, or somebody with
// netcat and patience, would see. Blocks; a read that takes for ever fails the program.

#ifndef RUNNEL_TESTS_INTEROP_RAW_HTTP_H_
#define RUNNEL_TESTS_INTEROP_RAW_HTTP_H_

#include <map>
#include <string>
#include <string_view>

namespace interop {

struct RawResponse {
  int status = 0;
  // By name in lower case; "transfer-encoding" is always there, empty where the server sent none.
  std::map<std::string, std::string> headers;
  std::string body;
};

// One connection.
class RawHttp {
 public:
  explicit RawHttp(int port);
  ~RawHttp();
  RawHttp(const RawHttp&) = delete;
  RawHttp& operator=(const RawHttp&) = delete;

  void Send(std::string_view bytes);
  // Sends a request with this body, or none. `headers` are lines, each with its "\r\n".
  void SendRequest(std::string_view method, std::string_view target, std::string_view headers,
                   std::string_view body = "");

  // The next response, whole.
  RawResponse Read();
  // The next response's head; its body follows by ReadMore.
  RawResponse ReadHead();
  // Reads on until the body, as far as it was read, ends with `end`; all of it is returned. Returns
  // earlier when the body ends.
  std::string ReadUntil(std::string_view end);
  // Whether the last body read is complete.
  bool at_end() const { return at_end_; }

 private:
  // At least one more byte into buffer_; false at the end of the connection.
  bool Fill();
  std::string TakeLine();
  // Some bytes of the body, or at_end_.
  void ReadPiece();

  int socket_;
  std::string buffer_;
  std::string body_;
  bool chunked_ = false;
  bool until_close_ = false;
  size_t left_ = 0;
  bool at_end_ = true;
};

// One request on a connection of its own.
RawResponse Post(int port, std::string_view target, std::string_view content_type,
                 std::string_view body, std::string_view headers = "");
RawResponse Get(int port, std::string_view target, std::string_view headers = "");

}  // namespace interop

#endif  // RUNNEL_TESTS_INTEROP_RAW_HTTP_H_
