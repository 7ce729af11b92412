// What the generator says of options that contradict each other or the messages.

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "codegen/plugin/generate_text_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace runnel::codegen {
namespace {

using ::testing::HasSubstr;

struct Case {
  std::string name;
  std::string text;  // after the imports, whose last line is line 3
  std::string error;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

std::string File(const std::string& text) {
  return absl::StrCat("syntax = \"proto3\";\npackage p;\nimport \"runnel/v1/options.proto\";",
                      text);
}

// A method of a service with what messages need beside.
std::string Method(const std::string& signature, const std::string& options) {
  return absl::StrCat(R"(
    service S {
      rpc M)",
                      signature, " {\n", options, R"(
      } }
    message In { string a = 1; repeated string many = 2; Sub sub = 3; bool stream = 4; }
    message Sub { int32 b = 1; Sub more = 2; }
    message Flat { string a = 1; bool stream = 2; }
    message Maps { string a = 1; map<string, string> map = 2; }
    message Out { string c = 1; })");
}
std::string Unary(const std::string& options) { return Method("(In) returns (Out)", options); }
std::string Flat(const std::string& options) { return Method("(Flat) returns (Out)", options); }
std::string Stream(const std::string& options) {
  return Method("(Flat) returns (stream Out)", options);
}

constexpr char kPost[] = "option (runnel.v1.http) = { post: \"/x\" body: \"*\" };\n";
constexpr char kGet[] = "option (runnel.v1.http) = { get: \"/x\" };\n";

// A stream of a message with these members of oneofs.
std::string Events(const std::string& members, const std::string& sse = "") {
  return absl::StrCat(R"(
    service S {
      rpc M(In) returns (stream Out) {
        )",
                      kGet, sse.empty() ? "" : "option (runnel.v1.sse) = { " + sse + " };", R"(
      } }
    message In { string a = 1; }
    message Sub { string b = 1; }
    message Out {
)",
                      members, "\n}");
}

// A service with these errors.
std::string Errors(const std::string& errors, const std::string& more = kGet) {
  return absl::StrCat(R"(
    service S {
      option (runnel.v1.errors) = { )",
                      errors, " };\n rpc M(In) returns (Out) {", more, R"(} }
    message In { string a = 1; }
    message Out { string c = 1; })");
}

// Two methods in one place.
std::string Two(const std::string& first, const std::string& second) {
  return absl::StrCat("\nservice S {\n", first, "\n", second, R"(
    }
    message In { string a = 1; bool stream = 2; }
    message Other { string a = 1; bool stream = 2; }
    message Out { string c = 1; })");
}

std::vector<Case> Cases() {
  const std::string http = "option (runnel.v1.http) = ";
  const std::string place = "{ option (runnel.v1.http) = { post: \"/x\" body: \"*\" }; ";
  const std::string when = "option (runnel.v1.sse) = { when: \"stream\" }; }";
  return {
      {"NoPattern", Unary(http + "{ body: \"*\" };"),
       "x.proto:6: \"p.S.M\" has no verb and path; set one of get, put, post"},
      {"StreamOfRequests", Method("(stream In) returns (Out)", kPost),
       "x.proto:6: \"p.S.M\" is no method of HTTP: its requests are a stream; remove"},
      {"PathWithoutSlash", Flat(http + "{ get: \"x\" };"), "path \"x\" does not begin with \"/\""},
      {"PathWithQuery", Flat(http + "{ get: \"/x?y=1\" };"), "has a '?', which no path has"},
      {"OpenBrace", Flat(http + "{ get: \"/{a\" };"), "has a \"{\" without \"}\""},
      {"EmptyField", Flat(http + "{ get: \"/{}\" };"), "has {}, which names no field"},
      {"OtherPattern", Flat(http + "{ get: \"/{a=x/*}\" };"),
       "has {a=x/*}; a field in it is {field} or {field=**}"},
      {"FieldTwice", Flat(http + "{ get: \"/{a}/{a}\" };"), "has {a} twice"},
      {"FieldsInOnePart", Flat(http + "{ get: \"/{a}:{stream}\" };"),
       "has two fields without a \"/\" between them"},
      {"TwoAnyFields", Flat(http + "{ get: \"/{a=**}/x/{stream=**}\" };"),
       "has two fields with =**"},
      {"PathFieldThatIsNot", Flat(http + "{ get: \"/{zz}\" };"),
       "has {zz} in its path, but message \"p.Flat\" has no field \"zz\""},
      {"PathFieldOfNoMessage", Flat(http + "{ get: \"/{a.b}\" };"),
       "has {a.b} in its path, but field \"p.Flat.a\" is no message"},
      {"RepeatedPathField", Unary(http + "{ post: \"/{many}\" body: \"*\" };"),
       "but field \"p.In.many\" is repeated"},
      {"MessageInPath", Unary(http + "{ post: \"/{sub}\" body: \"*\" };"),
       "but field \"p.In.sub\" is a message"},
      {"BodyOfGet", Flat(http + "{ get: \"/x\" body: \"*\" };"),
       "has a body, which a GET has not; remove body, or take another verb"},
      {"BodyThatIsNot", Flat(http + "{ post: \"/x\" body: \"zz\" };"),
       "has the body \"zz\", but message \"p.Flat\" has no such field"},
      {"ScalarBody", Flat(http + "{ post: \"/x\" body: \"a\" };"),
       "has the body \"a\", which is not one message"},
      {"InPathAndBody", Unary(http + "{ post: \"/{sub.b}\" body: \"sub\" };"),
       "has {sub.b} in its path and in its body"},
      {"RecursiveQuery", Unary(kGet),
       "sends message \"p.Sub\" in the query, which contains itself; add body: \"*\""},
      {"MapInQuery", Method("(Maps) returns (Out)", kGet),
       "sends field \"p.Maps.map\" in the query, which has no form for repeated messages"},
      {"SseAlone", Stream("option (runnel.v1.sse) = { done: \"x\" };"),
       "x.proto:6: \"p.S.M\" has (runnel.v1.sse) without (runnel.v1.http); add its verb and path"},
      {"SseOfUnary", Flat(kPost + std::string("option (runnel.v1.sse) = { done: \"x\" };")),
       "x.proto:7: \"p.S.M\" has (runnel.v1.sse), but its response is no stream"},
      {"WhenWithoutBody",
       Stream(kGet + std::string("option (runnel.v1.sse) = { when: \"stream\" };")),
       "is chosen by a field of the body; add body: \"*\""},
      {"WhenIsNoBool", Stream(kPost + std::string("option (runnel.v1.sse) = { when: \"a\" };")),
       "is chosen by \"a\", but message \"p.Flat\" has no bool of that name"},
      {"DoneOfTwoLines",
       Stream(kPost + std::string("option (runnel.v1.sse) = { done: \"a\\nb\" };")),
       "has a `done` of several lines"},
      {"NoEventName", Stream(kPost + std::string("option (runnel.v1.sse) = { event: \"a\\n\" };")),
       "which no stream can carry"},
      {"NameInWithoutNames",
       Stream(kPost + std::string("option (runnel.v1.sse) = { name_in: \"t\" };")),
       "has name_in, but its events have no names"},
      {"EventOutsideOfOneof", Events("Sub s = 1 [(runnel.v1.event) = \"s\"];"),
       "x.proto:12: \"p.Out.s\" has an event name, but is in no oneof"},
      {"TwoOneofs",
       Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"s\"]; }\n"
              "oneof f { Sub t = 2 [(runnel.v1.event) = \"t\"]; }"),
       "x.proto:13: \"p.Out.t\" has an event name, and so have members of oneof \"e\""},
      {"MemberWithoutName",
       Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"s\"];\nSub t = 2; }"),
       "x.proto:13: \"p.Out.t\" has no (runnel.v1.event), so it would not travel"},
      {"FieldBesideTheOneof",
       Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"s\"]; }\nstring more = 2;"),
       "x.proto:13: \"p.Out.more\" has no (runnel.v1.event)"},
      {"NameTwice",
       Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"s\"];\n"
              "Sub t = 2 [(runnel.v1.event) = \"s\"]; }"),
       "x.proto:13: \"p.Out.t\" has the event name \"s\", which \"s\" has too"},
      {"EmptyName", Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"\"]; }"),
       "has an event name that no stream can carry"},
      {"NumberAsEvent", Events("oneof e { int32 s = 1 [(runnel.v1.event) = \"s\"]; }"),
       "is neither a message nor a string"},
      {"AnyNameForOtherMessage", Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"*\"]; }"),
       "x.proto:12: \"p.Out.s\" and \"*\" belong together"},
      {"OtherEventWithName",
       Events("oneof e { runnel.v1.OtherEvent s = 1 [(runnel.v1.event) = \"s\"]; }"),
       "a member of the type runnel.v1.OtherEvent has the event name \"*\""},
      {"EndsStreamAlone", Events("Sub s = 1 [(runnel.v1.ends_stream) = true];"),
       "x.proto:12: \"p.Out.s\" ends the stream, but is no event; add (runnel.v1.event)"},
      {"TwoKindsOfNames",
       Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"s\"]; }", "event: \"x\""),
       "names its events \"x\", but those of \"p.Out\" have names of their own"},
      {"NameInText",
       Events("oneof e { string s = 1 [(runnel.v1.event) = \"s\"]; }", "name_in: \"t\""),
       "is text, which has no member \"t\""},
      {"NameInTwice",
       Events("oneof e { Sub s = 1 [(runnel.v1.event) = \"s\"]; }", "name_in: \"b\""),
       "has a field \"b\" of its own"},
      {"EventThatIsAnError",
       absl::StrCat(R"(
    service S { option (runnel.v1.errors) = { event: "s" };
      rpc M(In) returns (stream Out) { )",
                    kGet, R"( } }
    message In { string a = 1; }
    message Out { oneof e { In s = 1 [(runnel.v1.event) = "s"]; } })"),
       "\"p.S.M\" has an event \"s\", which is an error by (runnel.v1.errors) of its service"},
      {"ErrorsWithoutApi", Errors("in: \"error\"", ""),
       "x.proto:5: \"p.S\" has (runnel.v1.errors), but no method with (runnel.v1.http); remove it"},
      {"ErrorEventName", Errors("event: \"*\""), "which no stream can carry"},
      {"ErrorNameInNothing", Errors("name_in: \"type\" event: \"error\""),
       "has name_in in its errors without event and in; set both"},
      {"MessageIsType", Errors("message: \"type\""),
       "has the message and the type of its errors both in the member \"type\""},
      {"KindTwice",
       Errors("kinds: { type: \"a\" code: ABORTED } kinds: { type: \"a\" code: UNKNOWN }"),
       "x.proto:5: \"p.S\" has two kinds of errors of the type \"a\""},
      {"KindThatIsOk", Errors("kinds: { type: \"a\" }"), "whose code is none of an error"},
      {"KindWithGoodHttpStatus", Errors("kinds: { type: \"a\" code: ABORTED http_status: 200 }"),
       "with HTTP status 200; errors have 400 to 599"},
      {"TwoUnaryInOnePlace",
       Two("rpc A(In) returns (Out) " + place + "}", "rpc B(In) returns (Out) " + place + "}"),
       "x.proto:6: \"p.S.B\" has the same requests as \"p.S.A\", POST /x; set "
       "(runnel.v1.sse).when"},
      {"StreamThatIsNotChosen",
       Two("rpc A(In) returns (Out) " + place + "}",
           "rpc B(In) returns (stream Out) " + place + "}"),
       "has the same requests as \"p.S.A\""},
      {"AnotherRequest",
       Two("rpc A(Other) returns (Out) " + place + "}",
           "rpc B(In) returns (stream Out) " + place + when),
       "but reads them as another message"},
      {"ThreeInOnePlace",
       Two("rpc A(In) returns (Out) " + place + "}\n rpc B(In) returns (stream Out) " + place +
               when,
           "rpc C(In) returns (stream Out) " + place + when),
       "\"p.S.C\" has the same requests as \"p.S.A\""},
  };
}

class ApiOptionsTest : public ::testing::TestWithParam<Case> {};

TEST_P(ApiOptionsTest, SaysWhereTheContradictionIs) {
  const Result result = GenerateText(File(GetParam().text));
  EXPECT_THAT(result.error, HasSubstr(GetParam().error));
  EXPECT_TRUE(result.files.empty());
}

INSTANTIATE_TEST_SUITE_P(All, ApiOptionsTest, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

TEST(ApiOptionsTest, TakesTwoMethodsInOnePlaceThatTheRequestChooses) {
  const std::string place = "{ option (runnel.v1.http) = { post: \"/x\" body: \"*\" }; ";
  const Result result = GenerateText(
      File(Two("rpc A(In) returns (Out) " + place + "}",
               "rpc B(In) returns (stream Out) " + place +
                   "option (runnel.v1.sse) = { when: \"stream\" done: \"[DONE]\" }; }")));
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.files.at("x.runnel.cc"), HasSubstr(".when = \"stream\""));
}

}  // namespace
}  // namespace runnel::codegen
