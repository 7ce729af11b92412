// DescriptorsService lets tools call a server without its .proto files: it tells which services
// there are, their types, and what their authors wrote beside them.
//
//   runnel::DescriptorsService descriptors;
//   server.AddService(descriptors);  // before or after the others: it tells of all
//
// These are two services at once: runnel.v1.Descriptors, whose GetDescriptorSet is a file for
// protoc and buf, and grpc.reflection.v1.ServerReflection, for clients that know gRPC's. Both show
// what the program was compiled with; who may ask is for ServerOptions::authorize to say.

#ifndef RUNNEL_DESCRIPTORS_SERVICE_H_
#define RUNNEL_DESCRIPTORS_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "runnel/server.h"

namespace runnel {

// Of one server, which it outlives.
class DescriptorsService final : public Service {
 public:
  DescriptorsService();
  ~DescriptorsService() override;

  std::vector<ServerMethod> runnel_methods() override;
  void runnel_start(const std::vector<std::string>& services) override;

 private:
  struct Served;
  class Download;
  class Reflection;

  std::unique_ptr<Served> served_;
  std::unique_ptr<Download> download_;
  std::unique_ptr<Reflection> reflection_;
};

}  // namespace runnel

#endif  // RUNNEL_DESCRIPTORS_SERVICE_H_
