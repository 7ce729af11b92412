// ServedFiles are the .proto files that tools need to call a server.

#ifndef RUNNEL_SERVICES_DESCRIPTORS_SERVED_FILES_H_
#define RUNNEL_SERVICES_DESCRIPTORS_SERVED_FILES_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace runnel {

// A file of the program as protoc would have it in a descriptor set: with JSON names, and with the
// comments that generated code has kept.
google::protobuf::FileDescriptorProto DescribeFile(const google::protobuf::FileDescriptor& file);

// The files that declare the services, and what they import, each behind its imports. A service
// that was not generated has no file.
google::protobuf::FileDescriptorSet FilesOf(const std::vector<std::string>& services);

}  // namespace runnel

#endif  // RUNNEL_SERVICES_DESCRIPTORS_SERVED_FILES_H_
