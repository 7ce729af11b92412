// Generator is protoc-gen-runnel as protoc sees it: a .proto file and a parameter in, the
// generated files or one clear error out.

#ifndef RUNNEL_CODEGEN_PLUGIN_GENERATOR_H_
#define RUNNEL_CODEGEN_PLUGIN_GENERATOR_H_

#include <google/protobuf/compiler/code_generator.h>

#include <string>

namespace runnel::codegen {

// The parameter `mock` chooses the files: without it x.runnel.h and x.runnel.cc; `mock` or
// `mock=true` adds x.runnel_mock.h; `mock=only` writes nothing else.
class Generator : public google::protobuf::compiler::CodeGenerator {
 public:
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context,
                std::string* error) const override;

  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_PLUGIN_GENERATOR_H_
