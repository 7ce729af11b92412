#include "runtime/client/event_source.h"

#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "runtime/client/event_source_test_fixture.h"
#include "runtime/client/scripted_http.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using scripted::Answer;
using scripted::Failure;
using scripted::Step;
using scripted::Stream;
using scripted::Strings;
using scripted::Then;
using State = EventSourceState;

TEST_F(EventSourceTest, ReadsEvents) {
  Make({Stream({"data: on", "e\n\nevent: x\nid: 7\ndata: two\n\n", "data: three\n\n"})});
  EXPECT_EQ(ReadAllNow(), (Strings{"message one ", "x two 7", "message three 7", "(waits)"}));
}

TEST_F(EventSourceTest, ForgetsTheBlockThatABreakLeavesUnfinished) {
  Make({Stream({"id: 7\ndata: one\n\nid: 8\nevent: x\ndata: half\n"}, Then::kBreak),
        Stream({"data: two\n\n"})});
  EXPECT_EQ(Read(), "message one 7");
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message two 7");
}

TEST_F(EventSourceTest, TakesTheIdOfABlockWithoutData) {
  Make({Stream({"id: 9\n\n"}, Then::kBreak), Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  9");
}

TEST_F(EventSourceTest, SkipsAByteOrderMarkOfEveryBody) {
  const std::string stream =
      "\xef\xbb\xbf"
      "data: x\n\n";
  Make({Stream({stream}, Then::kEnd), Stream({stream})});
  EXPECT_EQ(Read(), "message x ");
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message x ");
}

TEST_F(EventSourceTest, ChecksTheContentType) {
  const std::pair<std::string, bool> kTypes[] = {{"text/event-stream", true},
                                                 {"Text/Event-Stream ; charset=windows-1252", true},
                                                 {"text/event-stream;", true},
                                                 {"text/html, text/event-stream", true},
                                                 {"text/event-stream, */*", true},
                                                 {"text/event-stream, text/html", false},
                                                 {"text/event-stream; x=\"a,b\"", true},
                                                 {"text/event-stream-x", false},
                                                 {"text/plain", false},
                                                 {"", false}};
  for (const auto& [type, accepted] : kTypes) {
    SCOPED_TRACE(type);
    Step step = Stream({"data\n\n"});
    step.headers = {{"content-type", type}};
    Make({step});
    EXPECT_EQ(Read(), accepted ? "message  " : "UNKNOWN");
    EXPECT_EQ(state(), accepted ? State::kOpen : State::kClosed);
  }
}

TEST_F(EventSourceTest, BringsCommentsWhereTheyAreAskedFor) {
  options_.comments = true;
  Make({Stream({": ok\n\ndata: 1\n:\n", "\n:\xff\n"})});
  EXPECT_EQ(ReadAllNow(), (Strings{": ok", ": ", "message 1 ", ": \xef\xbf\xbd", "(waits)"}));
}

TEST_F(EventSourceTest, BringsTheTextOfEventsWhereItIsAskedFor) {
  options_.raw = true;
  Make({Stream({"id: 1\nfoo: bar\r\nda", "ta: x\n\n"})});
  EXPECT_EQ(Read(), "message x 1 id: 1\nfoo: bar\r\ndata: x\n");
}

TEST_F(EventSourceTest, ReadsWhatComesCompressed) {
  options_.gzip = true;
  options_.comments = true;
  std::string bytes;
  AppendGzip(":c\nid: 1\ndata: one\n\ndata: two\n\n", bytes);
  Step step;
  step.headers.Add("content-encoding", "GZIP");
  for (const char c : bytes) step.pieces.emplace_back(1, c);
  Make({step});
  EXPECT_EQ(ReadAllNow(), (Strings{": c", "message one 1", "message two 1", "(waits)"}));
  EXPECT_EQ(seen(0).Header("accept-encoding"), "gzip");
}

TEST_F(EventSourceTest, TakesBadCompressionForABrokenConnection) {
  Step step = Stream({"data\n\n"});
  step.headers.Add("content-encoding", "gzip");
  Make({step, Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(state(), State::kWaiting);
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
}

TEST_F(EventSourceTest, ClosesAtACompressionItDoesNotKnow) {
  Step step = Stream({});
  step.headers.Add("content-encoding", "br");
  Make({step});
  EXPECT_EQ(Read(), "UNKNOWN");
}

TEST_F(EventSourceTest, ClosesAtEventsAndLinesThatAreTooLarge) {
  options_.max_event_bytes = 100;
  for (const std::string prefix : {"data: ", ": ", "data: 1\ndata: "}) {
    for (const bool raw : {false, true}) {
      options_.raw = raw;
      Make({Stream({"data: 0\n\n", prefix, std::string(101, 'x')})});
      Read();
      EXPECT_EQ(Read(), "RESOURCE_EXHAUSTED");
      EXPECT_NE(Message().find("EventSourceOptions::max_event_bytes"), std::string::npos);
      EXPECT_EQ(state(), State::kClosed);
    }
  }
}

TEST_F(EventSourceTest, ReadsNoFurtherThanItsReader) {
  Make({Stream({"data: 1\n\ndata: 2\n\n", "data: 3\n\n", "data: 4\n\n"})});
  Read();
  Read();
  Poll();
  EXPECT_EQ(script_->pieces_read, 1);
  Read();
  EXPECT_EQ(script_->pieces_read, 2);
}

TEST_F(EventSourceTest, CloseEndsAReadAndTheConnection) {
  Make({Stream({"data\n\ndata\n\n"})});
  Read();
  source_->Close();
  Poll();
  EXPECT_EQ(script_->open_bodies, 0);
  EXPECT_EQ(Read(), "CANCELLED");
  EXPECT_EQ(state(), State::kClosed);

  Make({Stream({})});
  StartRead();
  source_->Close();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
  EXPECT_EQ(script_->open_bodies, 0);
}

TEST_F(EventSourceTest, CloseEndsAPauseAndAnAttempt) {
  Make({Failure(kRefused)});
  StartRead();
  source_->Close();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");

  Step hang;
  hang.hang = true;
  Make({hang});
  StartRead();
  source_->Close();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
}

TEST_F(EventSourceTest, DestructionEndsARead) {
  Make({Stream({})});
  StartRead();
  source_.reset();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
}

TEST_F(EventSourceTest, ReadsOnAfterAReadThatWasCancelled) {
  Make({Stream({"id: 1\ndata\n\n"}), Stream({"data: 2\n\n"})});
  Read();
  StartRead();
  task_.Cancel();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
  EXPECT_EQ(state(), State::kConnecting);
  EXPECT_EQ(Read(), "message 2 1");
}

TEST_F(EventSourceTest, EndsWithTheBodyWhereThatIsWanted) {
  options_.end_of_body = EndOfBody::kClose;
  Make({Stream({"data: 1\n\n"}, Then::kBreak), Stream({"data: 2\n\n"}, Then::kEnd)});
  Read();
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message 2 ");
  EXPECT_EQ(Read(), "(no more)");
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(EventSourceTest, MissesTheRestOfABodyThatWasCutWhileCompressed) {
  options_.end_of_body = EndOfBody::kClose;
  std::string bytes;
  AppendGzip("data: one\n\n", bytes);
  for (const size_t missing : {0, 1, 8}) {  // the last eight say that it is whole
    Step step = Stream({bytes.substr(0, bytes.size() - missing)}, Then::kEnd);
    step.headers.Add("content-encoding", "gzip");
    Make({step});
    EXPECT_EQ(Read(), "message one ");
    EXPECT_EQ(Read(), missing == 0 ? "(no more)" : "DATA_LOSS") << missing;
    EXPECT_EQ(state(), State::kClosed);
  }
}

TEST_F(EventSourceTest, OpensWithoutReading) {
  Make({Failure(kRefused), Stream({"data\n\n"}, Then::kEnd), Answer(204)});
  EXPECT_EQ(state(), State::kConnecting);
  std::optional<absl::StatusOr<bool>> opened;
  tasks_.Spawn(Keep(source_->Open(), &opened));
  Poll();
  EXPECT_FALSE(opened.has_value());
  clock_.Advance(absl::Seconds(3));
  Poll();
  EXPECT_EQ(**opened, true);
  EXPECT_EQ(state(), State::kOpen);
  EXPECT_EQ(script_->pieces_read, 0);
  Read();
  StartRead();
  After(absl::Seconds(3));
  opened.reset();
  tasks_.Spawn(Keep(source_->Open(), &opened));
  Poll();
  EXPECT_EQ(**opened, false);
}

TEST_F(EventSourceTest, IsReadByOneAtATime) {
  Make({Stream({})});
  StartRead();
  std::optional<ReadResult> second;
  tasks_.Spawn(Keep(source_->Read(), &second));
  Poll();
  EXPECT_EQ(Text(*second), "FAILED_PRECONDITION");
  EXPECT_EQ(Result(), "(waits)");
}

}  // namespace
}  // namespace runnel
