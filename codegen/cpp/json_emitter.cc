#include "codegen/cpp/json_emitter.h"

#include <string>
#include <string_view>

#include "codegen/cpp/string_literal.h"

namespace runnel::codegen {
namespace {

// Fields of messages in generated code are `message.x()`, their JSON goes to `out` or comes from
// `in`, both of the runtime (runtime/json).

// The functions of JsonOutput and JsonInput for a kind that is a single C++ value.
const char* Function(FieldKind kind) {
  switch (kind) {
    case FieldKind::kInt32:
      return "Int32";
    case FieldKind::kUint32:
      return "Uint32";
    case FieldKind::kInt64:
      return "Int64";
    case FieldKind::kUint64:
      return "Uint64";
    case FieldKind::kFloat:
      return "Float";
    case FieldKind::kDouble:
      return "Double";
    case FieldKind::kBool:
      return "Bool";
    case FieldKind::kString:
      return "String";
    default:
      return "Bytes";
  }
}

const char* CppType(FieldKind kind) {
  switch (kind) {
    case FieldKind::kInt32:
      return "::std::int32_t";
    case FieldKind::kUint32:
      return "::std::uint32_t";
    case FieldKind::kInt64:
      return "::std::int64_t";
    case FieldKind::kUint64:
      return "::std::uint64_t";
    case FieldKind::kFloat:
      return "float";
    case FieldKind::kDouble:
      return "double";
    case FieldKind::kBool:
      return "bool";
    default:
      return "::std::string";
  }
}

bool IsText(FieldKind kind) { return kind == FieldKind::kString || kind == FieldKind::kBytes; }
bool IsMessage(FieldKind kind) { return kind == FieldKind::kMessage || kind == FieldKind::kValue; }
bool IsEnum(FieldKind kind) { return kind == FieldKind::kEnum || kind == FieldKind::kNull; }
bool TakesNull(const Field& field) {
  const bool single = field.shape == FieldShape::kImplicit || field.shape == FieldShape::kExplicit;
  return single && (field.kind == FieldKind::kNull || field.kind == FieldKind::kValue);
}

std::string EnumTable(const Field& field) { return "kEnum" + std::to_string(field.enum_index); }

void PrintEnum(const Enum& type, size_t index, CodeWriter& out) {
  const auto print_values = [&](const char* order, const std::vector<EnumValue>& values) {
    out.Print("constexpr JsonEnumName kEnum$index$$order$[] = {\n",
              {{"index", std::to_string(index)}, {"order", order}});
    for (const EnumValue& value : values) {
      // The least int has no literal of its own.
      out.Print("    {$name$, static_cast<int>($number$LL)},\n",
                {{"name", StringLiteral(value.name)}, {"number", std::to_string(value.number)}});
    }
    out.Print("};\n");
  };
  out.Print("\n// $type$\n", {{"type", type.cpp_type}});
  print_values("ByNumber", type.by_number);
  print_values("ByName", type.by_name);
  out.Print("constexpr JsonEnum kEnum$index$(kEnum$index$ByNumber, kEnum$index$ByName);\n",
            {{"index", std::to_string(index)}});
}

void PrintFields(const Message& message, size_t index, CodeWriter& out) {
  CodeWriter::Values values = {{"index", std::to_string(index)}};
  if (message.fields.empty()) {
    out.Print("constexpr JsonFields kFields$index$ = {};\n", values);
    return;
  }
  out.Print("constexpr JsonField kFields$index$InOrder[] = {\n", values);
  for (const Field& field : message.fields) {
    out.Print("    {$name$, $place$, $takes_null$},\n",
              {{"name", StringLiteral(field.json_name)},
               {"place", std::to_string(field.place)},
               {"takes_null", TakesNull(field) ? "true" : "false"}});
  }
  out.Print("};\nconstexpr JsonKey kFields$index$ByKey[] = {\n", values);
  for (const FieldKey& key : message.keys) {
    out.Print("    {$key$, $field$},\n",
              {{"key", StringLiteral(key.key)}, {"field", std::to_string(key.field)}});
  }
  out.Print(
      "};\nconstexpr JsonFields kFields$index$ = {kFields$index$InOrder, "
      "kFields$index$ByKey};\n",
      values);
}

// A statement that writes `value`.
void PrintWriteValue(const Field& field, const std::string& value, CodeWriter& out) {
  CodeWriter::Values values = {{"value", value}, {"enum", EnumTable(field)}};
  if (field.kind == FieldKind::kEnum) {
    out.Print("out.Enum($enum$, $value$);\n", values);
  } else if (field.kind == FieldKind::kNull) {
    out.Print("out.Null();\n");
  } else if (IsMessage(field.kind)) {
    out.Print("WriteJson($value$, out);\n", values);
  } else {
    values["function"] = Function(field.kind);
    out.Print("out.$function$($value$);\n", values);
  }
}

std::string IsThere(const Field& field) {
  const std::string value = "message." + field.cpp_name + "()";
  if (field.shape == FieldShape::kExplicit) {
    std::string has = "message.has_" + field.cpp_name + "()";
    if (field.kind == FieldKind::kValue) has += " && ::runnel::HasJson(" + value + ")";
    return has;
  }
  if (field.shape == FieldShape::kMap || IsText(field.kind)) return "!" + value + ".empty()";
  if (field.shape == FieldShape::kRepeated) return "message." + field.cpp_name + "_size() != 0";
  if (field.kind == FieldKind::kBool) return value;
  if (field.kind == FieldKind::kFloat || field.kind == FieldKind::kDouble) {
    return "JsonOutput::HasBits(" + value + ")";
  }
  return value + " != 0";
}

void PrintWriteField(const Field& field, CodeWriter& out) {
  CodeWriter::Values values = {{"name", field.cpp_name},
                               {"is_there", IsThere(field)},
                               {"key", StringLiteral("," + JsonString(field.json_name) + ":")}};
  out.Print("if ($is_there$) {\n  out.Key($key$);\n", values);
  out.Indent();
  if (field.shape == FieldShape::kImplicit || field.shape == FieldShape::kExplicit) {
    PrintWriteValue(field, "message." + field.cpp_name + "()", out);
  } else {
    const bool is_map = field.shape == FieldShape::kMap;
    // Every NullValue is written alike.
    const bool unused = field.kind == FieldKind::kNull && !is_map;
    values["unused"] = unused ? "[[maybe_unused]] " : "";
    values["variable"] = is_map ? "entry" : "value";
    const std::string value = is_map ? "entry.second" : "value";
    out.Print(
        "size_t list;\n"
        "if (!out.Begin(list)) return;\n"
        "for ($unused$const auto& $variable$ : message.$name$()) {\n",
        values);
    out.Indent();
    if (field.kind == FieldKind::kValue) {
      out.Print("if (!::runnel::HasJson($value$)) continue;\n", {{"value", value}});
    }
    out.Print(is_map ? "out.MapKey(entry.first);\n" : "out.Element();\n");
    PrintWriteValue(field, value, out);
    out.Outdent();
    out.Print(is_map ? "}\nout.EndObject(list);\n" : "}\nout.EndArray(list);\n");
  }
  out.Outdent();
  out.Print("}\n");
}

void PrintWrite(const Message& message, CodeWriter& out) {
  out.Print(
      "void WriteJson([[maybe_unused]] const $type$& message, JsonOutput& out) {\n"
      "  size_t object;\n"
      "  if (!out.Begin(object)) return;\n",
      {{"type", message.cpp_type}});
  out.Indent();
  for (const Field& field : message.fields) PrintWriteField(field, out);
  out.Print("out.EndObject(object);\n");
  out.Outdent();
  out.Print("}\n");
}

// Statements that read a value and put it where `store` does, which names it `value`; `failed` is
// what happens when it cannot be read.
void PrintReadNumber(const Field& field, const std::string& store, const std::string& failed,
                     const MessageSet& set, CodeWriter& out) {
  CodeWriter::Values values = {{"store", store}, {"failed", failed}};
  if (!IsEnum(field.kind)) {
    values["type"] = CppType(field.kind);
    values["function"] = Function(field.kind);
    out.Print(
        "$type$ value{};\n"
        "if (!in.$function$(value)) $failed$;\n"
        "$store$;\n",
        values);
    return;
  }
  values["enum"] = EnumTable(field);
  values["type"] = set.enums[field.enum_index].cpp_type;
  values["number"] = std::to_string(field.number);
  values["null"] = field.kind == FieldKind::kNull ? "!in.Null() && " : "";
  out.Print(
      "int number = 0;\n"
      "bool known = true;\n"
      "if ($null$!in.Enum($enum$, number, known)) $failed$;\n",
      values);
  if (field.closed && field.shape != FieldShape::kMap) {
    out.Print(
        "if (!$type$_IsValid(number)) {\n"
        "  message.mutable_unknown_fields()->AddVarint($number$, "
        "static_cast<::std::uint64_t>(number));\n"
        "  known = false;\n"
        "}\n",
        values);
  }
  out.Print(
      "if (known) {\n"
      "  const auto value = static_cast<$type$>(number);\n"
      "  $store$;\n"
      "}\n",
      values);
}

void PrintReadSingle(const Field& field, const MessageSet& set, CodeWriter& out) {
  CodeWriter::Values values = {{"name", field.cpp_name}, {"function", Function(field.kind)}};
  if (IsMessage(field.kind)) {
    out.Print("if (!ReadJson(in, *message.mutable_$name$())) return object.Fail();\n", values);
  } else if (IsText(field.kind)) {
    out.Print("if (!in.$function$(*message.mutable_$name$())) return object.Fail();\n", values);
  } else {
    PrintReadNumber(field, "message.set_" + field.cpp_name + "(value)", "return object.Fail()", set,
                    out);
  }
}

void PrintReadRepeated(const Field& field, const MessageSet& set, CodeWriter& out) {
  CodeWriter::Values values = {{"name", field.cpp_name}, {"function", Function(field.kind)}};
  out.Print("JsonArray list(in);\nwhile (list.Next()) {\n");
  out.Indent();
  if (IsMessage(field.kind)) {
    out.Print("if (!ReadJson(in, *message.add_$name$())) break;\n", values);
  } else if (IsText(field.kind)) {
    out.Print("if (!in.$function$(*message.add_$name$())) break;\n", values);
  } else {
    PrintReadNumber(field, "message.add_" + field.cpp_name + "(value)", "break", set, out);
  }
  out.Outdent();
  out.Print("}\nif (!list.Done()) return object.Fail();\n");
}

void PrintReadMap(const Field& field, const MessageSet& set, CodeWriter& out) {
  CodeWriter::Values values = {{"name", field.cpp_name},
                               {"function", Function(field.kind)},
                               {"key_type", CppType(field.key_kind)}};
  out.Print(
      "JsonMap map(in);\n"
      "while (map.Next()) {\n"
      "  $key_type$ key{};\n"
      "  if (!in.MapKey(map.key(), key)) break;\n"
      "  const auto added = message.mutable_$name$()->try_emplace(::std::move(key));\n"
      "  if (!added.second) {\n"
      "    map.FailTwice();\n"
      "    break;\n"
      "  }\n"
      "  [[maybe_unused]] auto& place = added.first->second;\n",
      values);
  out.Indent();
  if (field.kind != FieldKind::kNull && field.kind != FieldKind::kValue) {
    out.Print("if (in.Null()) continue;\n");
  }
  if (IsMessage(field.kind)) {
    out.Print("if (!ReadJson(in, place)) break;\n");
  } else if (IsText(field.kind)) {
    out.Print("if (!in.$function$(place)) break;\n", values);
  } else {
    PrintReadNumber(field, "place = value", "break", set, out);
    if (field.closed) {
      out.Print("if (!$type$_IsValid(number)) message.mutable_$name$()->erase(added.first);\n",
                {{"type", set.enums[field.enum_index].cpp_type}, {"name", field.cpp_name}});
    }
  }
  out.Outdent();
  out.Print("}\nif (!map.Done()) return object.Fail();\n");
}

void PrintRead(const Message& message, size_t index, const MessageSet& set, CodeWriter& out) {
  out.Print(
      "bool ReadJson(JsonInput& in, [[maybe_unused]] $type$& message) {\n"
      "  JsonObject object(in, kFields$index$);\n",
      {{"type", message.cpp_type}, {"index", std::to_string(index)}});
  if (message.fields.empty()) {
    out.Print("  object.Next();\n");
  } else {
    out.Print("  while (object.Next()) {\n    switch (object.field()) {\n");
    for (size_t i = 0; i < message.fields.size(); ++i) {
      const Field& field = message.fields[i];
      out.Print("      case $i$: {\n", {{"i", std::to_string(i)}});
      for (int level = 0; level < 4; ++level) out.Indent();
      if (field.shape == FieldShape::kMap) {
        PrintReadMap(field, set, out);
      } else if (field.shape == FieldShape::kRepeated) {
        PrintReadRepeated(field, set, out);
      } else {
        PrintReadSingle(field, set, out);
      }
      out.Print("break;\n");
      for (int level = 0; level < 4; ++level) out.Outdent();
      out.Print("      }\n");
    }
    out.Print("    }\n  }\n");
  }
  out.Print("  return in.ok();\n}\n");
}

void PrintCheckUtf8(const Message& message, CodeWriter& out) {
  out.Print("bool HasValidUtf8([[maybe_unused]] const $type$& message) {\n",
            {{"type", message.cpp_type}});
  out.Indent();
  for (const Field& field : message.fields) {
    if (!field.holds_text && !field.key_holds_text) continue;
    const bool single =
        field.shape == FieldShape::kImplicit || field.shape == FieldShape::kExplicit;
    const bool is_map = field.shape == FieldShape::kMap;
    CodeWriter::Values values = {{"name", field.cpp_name},
                                 {"check", IsMessage(field.kind) ? "HasValidUtf8" : "IsValidUtf8"}};
    if (single) {
      values["has"] = IsMessage(field.kind) ? "message.has_" + field.cpp_name + "() && " : "";
      out.Print("if ($has$!$check$(message.$name$())) return false;\n", values);
      continue;
    }
    values["value"] = is_map ? "entry.second" : "entry";
    out.Print("for (const auto& entry : message.$name$()) {\n", values);
    if (field.key_holds_text) out.Print("  if (!IsValidUtf8(entry.first)) return false;\n");
    if (field.holds_text) out.Print("  if (!$check$($value$)) return false;\n", values);
    out.Print("}\n");
  }
  out.Print("return true;\n");
  out.Outdent();
  out.Print("}\n");
}

}  // namespace

void PrintJson(const MessageSet& set, CodeWriter& out) {
  if (set.sent.empty() && set.well_known_sent.empty()) return;
  out.Print(
      "\n// The JSON of what these services send.\n"
      "namespace runnel::generated_json {\n"
      "namespace {\n");
  for (size_t i = 0; i < set.enums.size(); ++i) PrintEnum(set.enums[i], i, out);
  // What is here would hide those of the well-known types.
  if (!set.messages.empty()) out.Print("\nusing ::runnel::HasValidUtf8;\n\n");
  for (const Message& message : set.messages) {
    out.Print(
        "void WriteJson(const $type$& message, JsonOutput& out);\n"
        "bool ReadJson(JsonInput& in, $type$& message);\n"
        "[[maybe_unused]] bool HasValidUtf8(const $type$& message);\n",
        {{"type", message.cpp_type}});
  }
  for (size_t i = 0; i < set.messages.size(); ++i) {
    out.Print("\n// $type$\n", {{"type", set.messages[i].cpp_type}});
    PrintFields(set.messages[i], i, out);
    PrintWrite(set.messages[i], out);
    PrintRead(set.messages[i], i, set, out);
    PrintCheckUtf8(set.messages[i], out);
  }
  out.Print("\n");
  size_t index = 0;
  for (const std::string& type : set.sent) {
    out.Print("const GeneratedJson<$type$, WriteJson, ReadJson, HasValidUtf8> json$index$;\n",
              {{"type", type}, {"index", std::to_string(index++)}});
  }
  for (const std::string& type : set.well_known_sent) {
    out.Print(
        "const GeneratedJson<$type$, ::runnel::WriteJson, ::runnel::ReadJson,\n"
        "                    ::runnel::HasValidUtf8>\n"
        "    json$index$;\n",
        {{"type", type}, {"index", std::to_string(index++)}});
  }
  out.Print("\n}  // namespace\n}  // namespace runnel::generated_json\n");
}

}  // namespace runnel::codegen
