// The command line, what is said of it, and how things look.

#include "tools/cli/command_line.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/core/status_details.h"
#include "runtime/testing/status_matchers.h"
#include "tools/cli/address.h"
#include "tools/cli/command_table.h"
#include "tools/cli/failure.h"
#include "tools/cli/help_page.h"
#include "tools/cli/json_layout.h"
#include "tools/cli/latency_histogram.h"
#include "tools/cli/latency_plot.h"
#include "tools/cli/load_report.h"
#include "tools/cli/progress_bar.h"
#include "tools/cli/suggestion.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Terminal Screen(size_t width, bool unicode = true) {
  Terminal terminal;
  terminal.is_terminal = true;
  terminal.unicode = unicode;
  terminal.width = width;
  return terminal;
}

TEST(CommandLineTest, TakesOptionsAnywhereAndWordsAsTheyAre) {
  const absl::StatusOr<Options> options =
      ParseCommandLine({"call", "-t", "1m30s", "host:1", "M", "a=[1]", "--header=x: 1", ",", "-",
                        "-H", "y: a,b", "{\"a\": 1}", "--direct"});
  ASSERT_THAT(options, IsOk());
  EXPECT_THAT(options->words, ElementsAre("host:1", "M", "a=[1]", ",", "-", "{\"a\": 1}"));
  EXPECT_THAT(options->headers, ElementsAre("x: 1", "y: a,b"));
  EXPECT_EQ(options->timeout, absl::Seconds(90));
  EXPECT_TRUE(options->direct);
}

TEST(CommandLineTest, SaysWhatWasPerhapsMeant) {
  const std::pair<std::vector<std::string>, const char*> kCases[] = {
      {{"cal"}, "no command \"cal\"; did you mean call?"},
      {{"localhost:8080"}, "the command comes first: runnel list localhost:8080"},
      {{"call", "--tiemout", "1"}, "has no option --tiemout; did you mean --timeout?"},
      {{"call", "-x"}, "has no option -x"},
      {{"call", "-t"}, "--timeout"},
      {{"call", "-t", "soon"}, "soon is no time such as 500ms"},
      {{"call", "-t", "-1s"}, "is no time"},
      {{"watch", "-n", "many"}, "--count"},
      {{"call", "--direct", "--channel"}, "only one of --direct, --channel and --connect"},
      {{"list", "-o", "xml"}, "--output is table or json"},
      {{"list", "--cert", "x"}, "--cert and --key belong together"},
      {{"list", "--proto", "x", "--descriptors", "y"}, "only one of --proto and --descriptors"},
      {{"bench", "--rate", "-1"}, "--rate is a number"},
  };
  for (const auto& [words, error] : kCases) {
    const absl::Status status = ParseCommandLine(words).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << error;
    EXPECT_THAT(std::string(status.message()), HasSubstr(error));
  }
}

TEST(CommandLineTest, KnowsAddressesFromOtherWords) {
  for (const char* address : {"localhost:80", ":8080", "[::1]:80", "http://a", "https://a/b",
                              "unix:/run/x", "10.0.0.1:1", "localhost", "10.0.0.1"}) {
    EXPECT_TRUE(IsAddress(address)) << address;
  }
  for (const char* word : {"Monitor/Watch", "a.b.C/D", "a=b:1", "v1.2", "a:", "{\"a\":1}"}) {
    EXPECT_FALSE(IsAddress(word)) << word;
  }
  std::vector<std::string> words = {":81", "M"};
  EXPECT_EQ(TakeAddress(words), "http://localhost:81");
  EXPECT_THAT(words, ElementsAre("M"));
}

TEST(HelpPageTest, FitsAScreenAndNamesEveryOption) {
  const std::string manual = ManualPage();
  std::vector<std::string> pages = {""};
  for (const CommandSpec& command : Commands()) pages.emplace_back(command.name);
  for (const Topic& topic : Topics()) pages.emplace_back(topic.name);
  for (const std::string& name : pages) {
    const std::string page = *HelpPage(name, Screen(80));
    const std::vector<std::string> lines = absl::StrSplit(page, '\n');
    EXPECT_LE(lines.size(), 25u) << name;
    for (const std::string& line : lines) EXPECT_LE(Columns(line), 80u) << name << ": " << line;
  }
  for (const CommandSpec& command : Commands()) {
    const std::string page =
        absl::StrCat(*HelpPage(command.name, Screen(80)), *HelpPage("options", Screen(80)));
    for (const OptionSpec* option : OptionsOf(command)) {
      if (option->name == "help") continue;
      EXPECT_THAT(page, HasSubstr(absl::StrCat("--", std::string(option->name))));
      // In troff a hyphen has a backslash before it.
      EXPECT_THAT(manual, HasSubstr(std::string(option->name.substr(0, option->name.find('-')))));
    }
  }
  EXPECT_THAT(HelpPage("calls", Screen(80)).status().message(), HasSubstr("did you mean call?"));
}

TEST(SuggestionTest, ForgivesSlipsAndNothingElse) {
  const std::vector<std::string> names = {"Snapshot", "Watch", "ListRooms"};
  EXPECT_EQ(Nearest("Wacth", names), "Watch");
  EXPECT_EQ(Nearest("snapshot", names), "Snapshot");
  EXPECT_EQ(Nearest("Rooms", names), "ListRooms");
  EXPECT_EQ(Nearest("Upload", names), "");
}

TEST(FailureTest, ExitsWithTheStatus) {
  for (int code = 0; code <= 16; ++code) {
    EXPECT_EQ(ExitCodeOf(absl::Status(static_cast<absl::StatusCode>(code), "x")), code);
  }
  EXPECT_EQ(ExitCodeOf(Mistake(absl::NotFoundError("x"))), 64);
  EXPECT_EQ(ExitCodeOf(OutputFailed(absl::InternalError("x"))), 74);
  EXPECT_EQ(ExitCodeOf(OutputFailed(absl::CancelledError("x"))), 141);
}

TEST(FailureTest, TellsReasonsAndNoEscapes) {
  ErrorInfo info;
  info.reason = "SESSION_LOST";
  info.domain = "runnel";
  const absl::Status status = WithErrorInfo(absl::UnavailableError("gone \x1b[2J"), info);
  EXPECT_EQ(Explanation(status, "http://h:1"),
            "UNAVAILABLE: gone \\u001b[2J\nreason SESSION_LOST (runnel)");
}

TEST(TerminalTest, ShortensAndWrapsByColumns) {
  EXPECT_EQ(Shortened("größer", 6), "größer");
  EXPECT_EQ(Shortened("größer als", 7), "größer…");
  EXPECT_EQ(Wrapped("one two three", 8, "  "), "  one\n  two\n  three");
  EXPECT_EQ(Harmless("a\x1b[0m\x7f\xc2\x9b ü\n"), "a\\u001b[0m\\u007f\\u009b ü\n");
}

TEST(JsonLayoutTest, IndentsAndColors) {
  std::string text;
  AppendJsonForPeople(R"({"a":[1,{}],"b":"x: y"})", JsonShape::kIndented, false, text);
  EXPECT_EQ(text, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x: y\"\n}");
  text.clear();
  AppendJsonForPeople(R"({"a":1})", JsonShape::kOneLine, true, text);
  EXPECT_EQ(text, "{\x1b[1m\"a\"\x1b[0m: \x1b[35m1\x1b[0m}");
}

TEST(ProgressLineTest, FitsTheTerminal) {
  EXPECT_EQ(ProgressLine(0.5, "1.0 MB of 2.0 MB", Screen(40, false)),
            "[#######......]  50 % 1.0 MB of 2.0 MB");
  for (size_t width : {20, 30, 80}) {
    EXPECT_LT(Columns(ProgressLine(0.3, std::string(90, 'x'), Screen(width))), width);
  }
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1'500'000), "1.5 MB");
}

TEST(LatencyHistogramTest, KeepsPercentilesWithinAHundredth) {
  LatencyHistogram latencies;
  EXPECT_EQ(latencies.Percentile(99), absl::ZeroDuration());
  for (int i = 1; i <= 10'000; ++i) latencies.Add(absl::Microseconds(i * 10));
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
    const double exact = percent / 100 * 100'000;
    EXPECT_NEAR(absl::ToDoubleMicroseconds(latencies.Percentile(percent)), exact, exact / 100);
  }
  EXPECT_EQ(latencies.Percentile(100), absl::Milliseconds(100));
  EXPECT_EQ(latencies.min(), absl::Microseconds(10));
  EXPECT_NEAR(absl::ToDoubleMilliseconds(latencies.Mean()), 50, 0.1);
  latencies.Add(absl::Hours(100));  // more than it has room for
  EXPECT_EQ(latencies.Percentile(100), absl::Hours(100));
}

TEST(LatencyPlotTest, FitsTheTerminalAndRises) {
  LatencyHistogram latencies;
  for (int i = 1; i <= 1'000; ++i) latencies.Add(absl::Milliseconds(i));
  for (const size_t width : {30, 60, 80, 200}) {
    for (const bool unicode : {true, false}) {
      const std::string plot = LatencyPlot(latencies, Screen(width, unicode));
      for (const absl::string_view line : absl::StrSplit(plot, '\n')) {
        EXPECT_LE(Columns({line.data(), line.size()}), std::min<size_t>(width, 80));
      }
      EXPECT_THAT(plot, HasSubstr("90 %"));
      if (!unicode) {
        EXPECT_THAT(plot, Not(HasSubstr("█")));
      }
    }
  }
  EXPECT_EQ(LatencyPlot(LatencyHistogram(), Screen(80)), "");
}

TEST(LoadReportTest, TellsOfFailuresAndOfCallsThatWereNotMade) {
  LoadResult result;
  result.elapsed = absl::Seconds(2);
  result.calls.Add(absl::Milliseconds(3));
  result.failures[absl::StatusCode::kUnavailable] = 2;
  result.never_made = 7;
  LoadTitle title;
  title.method = "a.B/C";
  title.rate = 5;
  const std::string text = ReportForPeople(result, title, Screen(80));
  EXPECT_THAT(text, HasSubstr("2 failed: 2 UNAVAILABLE"));
  EXPECT_THAT(text, HasSubstr("7 calls were not made"));
  EXPECT_THAT(
      ReportJson(result, title),
      HasSubstr("\"neverMade\":7,\"failed\":{\"UNAVAILABLE\":2},\"latencyMs\":{\"count\":1"));
}

}  // namespace
}  // namespace runnel::cli
