#include "services/examples/ingest/ingest_service.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/shared/example_server.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::ingest {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class IngestServiceTest : public ::testing::Test {
 protected:
  static v1::UploadRequest Header(v1::Format format) {
    v1::UploadRequest request;
    request.mutable_header()->set_name("test");
    request.mutable_header()->set_format(format);
    return request;
  }
  static v1::UploadRequest Chunk(const std::string& bytes) {
    v1::UploadRequest request;
    request.set_chunk(bytes);
    return request;
  }
  absl::StatusOr<v1::Summary> Send(const std::vector<v1::UploadRequest>& requests) {
    auto upload = ingest_.Upload();
    for (const v1::UploadRequest& request : requests) {
      if (!server_.BlockOn(upload.Write(request)).ok()) break;  // Finish says why
    }
    return server_.BlockOn(upload.Finish());
  }
  // A file from the disk, in chunks.
  absl::StatusOr<v1::Summary> SendFile(v1::Format format, const std::string& path, size_t chunk) {
    std::vector<v1::UploadRequest> requests = {Header(format)};
    std::ifstream file(path, std::ios::binary);
    std::string bytes(chunk, '\0');
    while (file.read(bytes.data(), static_cast<std::streamsize>(chunk)) || file.gcount() > 0) {
      requests.push_back(Chunk(bytes.substr(0, static_cast<size_t>(file.gcount()))));
    }
    return Send(requests);
  }

  IngestService service_;
  ExampleServer server_{&service_};
  v1::Ingest::Stub ingest_{server_.channel()};
  ScratchDirectory scratch_;
};

TEST_F(IngestServiceTest, SummarisesALogFile) {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    absl::StrAppendFormat(&text, "2024-05-01T12:%02d:%02dZ %s line %d\n", i / 60 % 60, i % 60,
                          i % 10 == 0 ? "ERROR" : "INFO", i);
  }
  scratch_.Write("app.log", text);
  absl::StatusOr<v1::Summary> summary =
      SendFile(v1::FORMAT_LOG, scratch_.path() + "/app.log", 10'000);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->name(), "test");
  EXPECT_EQ(summary->lines(), 5000);
  EXPECT_EQ(summary->bytes(), static_cast<int64_t>(text.size()));
  EXPECT_THAT(summary->log().levels(),
              UnorderedElementsAre(Pair("ERROR", 500), Pair("INFO", 4500)));
}

TEST_F(IngestServiceTest, SummarisesACsvFile) {
  std::string text = "id,price\n";
  for (int i = 1; i <= 1000; ++i) absl::StrAppend(&text, i, ",", i * 0.5, "\n");
  scratch_.Write("prices.csv", text);
  absl::StatusOr<v1::Summary> summary =
      SendFile(v1::FORMAT_CSV, scratch_.path() + "/prices.csv", 777);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->csv().rows(), 1000);
  ASSERT_EQ(summary->csv().columns_size(), 2);
  EXPECT_EQ(summary->csv().columns(1).numbers().max(), 500);
  EXPECT_EQ(summary->csv().columns(1).numbers().mean(), 250.25);
}

TEST_F(IngestServiceTest, NamesTheLineThatIsWrong) {
  absl::Status status =
      Send({Header(v1::FORMAT_CSV), Chunk("a,b\n1,"), Chunk("2\n1,2,3\n")}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 3"));
}

TEST_F(IngestServiceTest, EndsTheCallAtBadInputWhileTheClientStillSends) {
  auto upload = ingest_.Upload();
  ASSERT_TRUE(server_.BlockOn(upload.Write(Header(v1::FORMAT_CSV))).ok());
  absl::Status sent;
  while (sent.ok()) sent = server_.BlockOn(upload.Write(Chunk("a,b\n1,2,3\n")));
  EXPECT_EQ(server_.BlockOn(upload.Finish()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(IngestServiceTest, WantsTheHeaderFirstAndOnce) {
  EXPECT_EQ(Send({}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Send({Chunk("a,b\n")}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Send({Header(v1::FORMAT_LOG), Header(v1::FORMAT_LOG)}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Send({Header(v1::FORMAT_UNSPECIFIED)}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace examples::ingest
