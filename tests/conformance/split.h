// Split says into which pieces a run cuts the bytes that it feeds to the side under test.

#ifndef RUNNEL_TESTS_CONFORMANCE_SPLIT_H_
#define RUNNEL_TESTS_CONFORMANCE_SPLIT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

// A value.
class Split {
 public:
  static Split Whole() { return Split(0, false); }
  // Two pieces, of which the first has `bytes`. What is not longer goes whole.
  static Split At(size_t bytes) { return Split(bytes, false); }
  // One byte at a time; of what is very long, only near both ends.
  static Split Bytes() { return Split(0, true); }

  std::vector<std::string> Pieces(std::string_view text) const;
  // For people.
  std::string ToString() const;

  // Those that a transcript is to be run with, beside Whole, whose longest text has `longest`
  // bytes: every place of a short one, and places all over a long one.
  static std::vector<Split> All(size_t longest);

 private:
  Split(size_t at, bool bytes) : at_(at), bytes_(bytes) {}

  size_t at_;
  bool bytes_;
};

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_SPLIT_H_
