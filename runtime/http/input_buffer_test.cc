#include "runtime/http/input_buffer.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace runnel {
namespace {

void Receive(InputBuffer& buffer, std::string_view bytes) {
  const auto space = buffer.Prepare(bytes.size(), 16);
  ASSERT_GE(space.size(), bytes.size());
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(space.data()));
  buffer.Commit(bytes.size());
}

TEST(InputBufferTest, KeepsWhatIsNotConsumed) {
  InputBuffer buffer;
  Receive(buffer, "0123456789");
  buffer.Consume(8);
  Receive(buffer, "abcdefghij");
  EXPECT_EQ(buffer.view(), "89abcdefghij");
}

TEST(InputBufferTest, GrowsBeyondItsCapacityWhereItMust) {
  InputBuffer buffer;
  Receive(buffer, "0123456789");
  Receive(buffer, std::string(100, 'x'));
  EXPECT_EQ(buffer.view(), "0123456789" + std::string(100, 'x'));
}

TEST(InputBufferTest, ShrinksWhenItIsEmpty) {
  InputBuffer buffer;
  Receive(buffer, std::string(100, 'x'));
  buffer.Consume(100);
  EXPECT_EQ(buffer.Prepare(1, 16).size(), 16u);
}

TEST(InputBufferTest, LeavesPinnedBytesAlone) {
  InputBuffer buffer;
  Receive(buffer, "0123456789");
  const std::string_view pinned = buffer.view();
  const auto pin = buffer.pin();
  buffer.Consume(10);
  Receive(buffer, "abcdef");
  Receive(buffer, "ghijkl");
  EXPECT_EQ(pinned, "0123456789");
  EXPECT_EQ(buffer.view(), "abcdefghijkl");
}

}  // namespace
}  // namespace runnel
