// Matchers for absl::Status and absl::StatusOr in tests:
//
//   EXPECT_THAT(session.Resume(id), StatusIs(absl::StatusCode::kNotFound));
//   EXPECT_THAT(Decode(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("byte 3")));
//   EXPECT_THAT(Parse("7"), IsOkAndHolds(7));

#ifndef RUNNEL_RUNTIME_TESTING_STATUS_MATCHERS_H_
#define RUNNEL_RUNTIME_TESTING_STATUS_MATCHERS_H_

#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace runnel {

namespace internal_status_matchers {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

class StatusMatcher {
 public:
  using is_gtest_matcher = void;

  StatusMatcher(testing::Matcher<absl::StatusCode> code, testing::Matcher<std::string> message)
      : code_(std::move(code)), message_(std::move(message)) {}

  template <typename S>
  bool MatchAndExplain(const S& actual, testing::MatchResultListener* listener) const {
    const absl::Status& status = StatusOf(actual);
    *listener << "whose status is " << status.ToString();
    return code_.Matches(status.code()) && message_.Matches(std::string(status.message()));
  }
  void DescribeTo(std::ostream* os) const {
    *os << "has a status code that ";
    code_.DescribeTo(os);
    *os << " and a message that ";
    message_.DescribeTo(os);
  }
  void DescribeNegationTo(std::ostream* os) const {
    *os << "not (";
    DescribeTo(os);
    *os << ")";
  }

 private:
  testing::Matcher<absl::StatusCode> code_;
  testing::Matcher<std::string> message_;
};

template <typename M>
class OkAndHoldsMatcher {
 public:
  using is_gtest_matcher = void;

  explicit OkAndHoldsMatcher(M inner) : inner_(std::move(inner)) {}

  template <typename T>
  bool MatchAndExplain(const absl::StatusOr<T>& actual,
                       testing::MatchResultListener* listener) const {
    if (!actual.ok()) {
      *listener << "whose status is " << actual.status().ToString();
      return false;
    }
    return testing::SafeMatcherCast<const T&>(inner_).MatchAndExplain(*actual, listener);
  }
  void DescribeTo(std::ostream* os) const { *os << "is OK and holds what was expected"; }
  void DescribeNegationTo(std::ostream* os) const { *os << "is not OK or holds something else"; }

 private:
  M inner_;
};

}  // namespace internal_status_matchers

inline auto StatusIs(testing::Matcher<absl::StatusCode> code) {
  return internal_status_matchers::StatusMatcher(std::move(code), testing::_);
}

template <typename M>
auto StatusIs(testing::Matcher<absl::StatusCode> code, M message) {
  return internal_status_matchers::StatusMatcher(
      std::move(code), testing::SafeMatcherCast<std::string>(std::move(message)));
}

inline auto IsOk() { return StatusIs(absl::StatusCode::kOk); }

template <typename M>
auto IsOkAndHolds(M inner) {
  return internal_status_matchers::OkAndHoldsMatcher<M>(std::move(inner));
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TESTING_STATUS_MATCHERS_H_
