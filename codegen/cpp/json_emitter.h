// PrintJson writes the part of x.runnel.cc that writes and reads the JSON of messages, and that
// looks whether their strings are UTF-8.

#ifndef RUNNEL_CODEGEN_CPP_JSON_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_JSON_EMITTER_H_

#include "codegen/cpp/code_writer.h"
#include "codegen/model/message.h"

namespace runnel::codegen {

// All of it has internal linkage: another file whose services send the same messages has its own.
// Nothing when no message is sent.
void PrintJson(const MessageSet& messages, CodeWriter& out);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_JSON_EMITTER_H_
