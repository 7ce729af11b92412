// ReflectionAnswers answers the requests of one stream of grpc.reflection.v1.ServerReflection.

#ifndef RUNNEL_SERVICES_DESCRIPTORS_REFLECTION_ANSWERS_H_
#define RUNNEL_SERVICES_DESCRIPTORS_REFLECTION_ANSWERS_H_

#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "grpc/reflection/v1/reflection.pb.h"

namespace runnel {

// Lives as long as the stream, and shorter than the names.
class ReflectionAnswers {
 public:
  explicit ReflectionAnswers(const std::vector<std::string>& services) : services_(services) {}

  // What is wrong with a request is in its response: the stream goes on.
  grpc::reflection::v1::ServerReflectionResponse Answer(
      const grpc::reflection::v1::ServerReflectionRequest& request);

 private:
  using Response = grpc::reflection::v1::ServerReflectionResponse;

  // The file, though it was sent before, and those of its imports that were not. Null is an error.
  void AddFile(const google::protobuf::FileDescriptor* file, const std::string& asked_for,
               Response& response);
  void AddImports(const google::protobuf::FileDescriptor& file, Response& response);
  static void AddExtensionNumbers(const std::string& type, Response& response);

  const std::vector<std::string>& services_;
  std::set<const google::protobuf::FileDescriptor*> sent_;
};

}  // namespace runnel

#endif  // RUNNEL_SERVICES_DESCRIPTORS_REFLECTION_ANSWERS_H_
