// Schema is what a server says of itself: its services, their types, and the comments of whoever wrote them.

import {
  type AnyDesc,
  createFileRegistry,
  type DescFile,
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

export interface Schema {
  registry: FileRegistry;
  services: DescService[];
  // Those that Runnel itself brings, to look into a server.
  ownServices: DescService[];
}

const descriptors = "runnel.v1.Descriptors/GetDescriptorSet";

// What keeps a page from the descriptors, and whether the server wants to know who calls.
export class SchemaError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

// As the server has it. Only what is asked for is served: a server without the service Descriptors answers 404.
export async function fetchSchema(baseUrl: string, headers: HeadersInit): Promise<Schema> {
  const url = `${baseUrl}${descriptors}?connect=v1&encoding=proto&message=`;
  const response = await fetch(url, { headers }).catch((error: Error) => {
    throw new SchemaError(`the server cannot be reached: ${error.message}`, 0);
  });
  if (!response.ok) {
    const { message } = (await response.json().catch(() => ({}))) as { message?: string };
    throw new SchemaError(message ?? `HTTP status ${response.status}`, response.status);
  }
  return schemaFrom(new Uint8Array(await response.arrayBuffer()));
}

export function schemaFrom(descriptorSet: Uint8Array): Schema {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const all: DescService[] = [];
  for (const type of registry) if (type.kind === "service") all.push(type);
  all.sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  const own = (service: DescService) => /^(runnel\.v1|grpc\.(health|reflection)\.)/.test(service.typeName);
  return { registry, services: all.filter((service) => !own(service)), ownServices: all.filter(own) };
}

// "examples.chat.v1.Chat/Converse"
export function pathOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

export function findMethod(schema: Schema, path: string): DescMethod | undefined {
  const [service, name] = path.split("/");
  return schema.registry.getService(service ?? "")?.methods.find((method) => method.name === name);
}

const comments = new WeakMap<DescFile, Map<string, string>>();

// The comment above something in its .proto, or else behind it; empty where there is none.
export function commentOf(desc: AnyDesc): string {
  const file = fileOf(desc);
  const path = sourcePath(desc);
  if (file === undefined || path === undefined) return "";
  let known = comments.get(file);
  if (known === undefined) {
    known = new Map();
    for (const { path, leadingComments, trailingComments } of file.proto.sourceCodeInfo?.location ?? []) {
      const text = leadingComments !== "" ? leadingComments : trailingComments;
      if (text !== "") known.set(path.join(), tidy(text));
    }
    comments.set(file, known);
  }
  return known.get(path.join()) ?? "";
}

// Without the blank that stands behind the slashes, and the lines that tools read.
function tidy(comment: string): string {
  return comment.replace(/^ /gm, "").replace(/^(buf:lint|IWYU|@exclude).*$/gm, "").trim();
}

function fileOf(desc: AnyDesc): DescFile | undefined {
  switch (desc.kind) {
    case "file":
      return desc;
    case "message":
    case "enum":
    case "service":
    case "extension":
      return desc.file;
    default:
      return fileOf(desc.parent);
  }
}

// Where it stands in its file's descriptor, as SourceCodeInfo counts.
function sourcePath(desc: AnyDesc): number[] | undefined {
  const within = (parent: AnyDesc | undefined, field: number, list: { name: string }[], name: string) => {
    const at = list.findIndex((one) => one.name === name);
    const above = parent === undefined ? [] : sourcePath(parent);
    return at < 0 || above === undefined ? undefined : [...above, field, at];
  };
  switch (desc.kind) {
    case "service":
      return within(undefined, 6, desc.file.proto.service, desc.name);
    case "rpc":
      return within(desc.parent, 2, desc.parent.proto.method, desc.name);
    case "message":
      return desc.parent === undefined
        ? within(undefined, 4, desc.file.proto.messageType, desc.name)
        : within(desc.parent, 3, desc.parent.proto.nestedType, desc.name);
    case "enum":
      return desc.parent === undefined
        ? within(undefined, 5, desc.file.proto.enumType, desc.name)
        : within(desc.parent, 4, desc.parent.proto.enumType, desc.name);
    case "enum_value":
      return within(desc.parent, 2, desc.parent.proto.value, desc.name);
    case "field":
      return within(desc.parent, 2, desc.parent.proto.field, desc.name);
    case "oneof":
      return within(desc.parent, 8, desc.parent.proto.oneofDecl, desc.name);
    default:
      return undefined;
  }
}
