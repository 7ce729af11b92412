// ReadMessages turns descriptors of messages into the model, beside ReadFile.

#ifndef RUNNEL_CODEGEN_MODEL_MESSAGE_READER_H_
#define RUNNEL_CODEGEN_MODEL_MESSAGE_READER_H_

#include "codegen/model/message.h"

namespace google::protobuf {
class FileDescriptor;
}

namespace runnel::codegen {

// What the services of the file send, with all that is in it. ReadFile has accepted the file.
MessageSet ReadMessages(const google::protobuf::FileDescriptor& file);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_MESSAGE_READER_H_
