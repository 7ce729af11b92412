#include "codegen/plugin/generate_text_test.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "codegen/plugin/generator.h"
#include "gtest/gtest.h"
#include "runnel/v1/options.pb.h"

namespace runnel::codegen {
namespace {

namespace pb = google::protobuf;

class MemoryTree : public pb::compiler::SourceTree {
 public:
  explicit MemoryTree(const Files& files) : files_(files) {}
  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    auto found = files_.find(name);
    if (found == files_.end()) return nullptr;
    return new pb::io::ArrayInputStream(found->second.data(),
                                        static_cast<int>(found->second.size()));
  }

 private:
  const Files& files_;
};

class Errors : public pb::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int, const std::string& message) override {
    ADD_FAILURE() << file << ":" << line + 1 << ": " << message;
  }
};

class MemoryContext : public pb::compiler::GeneratorContext {
 public:
  pb::io::ZeroCopyOutputStream* Open(const std::string& name) override {
    return new pb::io::StringOutputStream(&files[name]);
  }
  Files files;
};

}  // namespace

Result GenerateFiles(const Files& sources, const std::string& parameter) {
  runnel::v1::Http::descriptor();  // links its file in
  pb::DescriptorPoolDatabase linked(*pb::DescriptorPool::generated_pool());
  MemoryTree tree(sources);
  Errors errors;
  pb::compiler::SourceTreeDescriptorDatabase database(&tree, &linked);
  database.RecordErrorsTo(&errors);
  pb::DescriptorPool pool(&database, database.GetValidationErrorCollector());
  pool.EnforceWeakDependencies(true);
  Result result;
  const pb::FileDescriptor* file = pool.FindFileByName("x.proto");
  if (file == nullptr) {
    result.error = "not parsed";
    return result;
  }
  MemoryContext context;
  bool ok = Generator().Generate(file, parameter, &context, &result.error);
  EXPECT_EQ(ok, result.error.empty());
  result.files = context.files;
  return result;
}

Result GenerateText(const std::string& text, const std::string& parameter) {
  return GenerateFiles({{"x.proto", text}}, parameter);
}

}  // namespace runnel::codegen
