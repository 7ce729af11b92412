// How the conformance runner talks to the programs it tests: messages in binary, each preceded by
// its length in four bytes, the highest first, on the standard input and output.

#ifndef RUNNEL_TESTS_CONFORMANCE_CONNECT_DELIMITED_H_
#define RUNNEL_TESTS_CONFORMANCE_CONNECT_DELIMITED_H_

#include "google/protobuf/message_lite.h"

namespace conformance {

// False at the end of the input, and when what is there is no such message.
bool ReadDelimited(google::protobuf::MessageLite& message);
// Whether it has left. One at a time.
bool WriteDelimited(const google::protobuf::MessageLite& message);

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_CONNECT_DELIMITED_H_
