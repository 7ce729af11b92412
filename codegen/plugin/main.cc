// protoc-gen-runnel: protoc starts it for --runnel_out.

#include <google/protobuf/compiler/plugin.h>

#include "codegen/plugin/generator.h"

int main(int argc, char* argv[]) {
  runnel::codegen::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
