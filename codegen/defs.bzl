"""runnel_cc_library: C++ services and stubs for the services of proto_library targets.

    proto_library(name = "chat_proto", srcs = ["chat.proto"])
    cc_proto_library(name = "chat_cc_proto", deps = [":chat_proto"])
    runnel_cc_library(
        name = "chat_cc_runnel",
        protos = [":chat_proto"],
        deps = [":chat_cc_proto"],
    )

The header is then included by the path under which other .proto files import this one:
`#include "chat/v1/chat.runnel.h"` for chat/v1/chat.proto. For comments of the .proto in the header,
build with --experimental_proto_descriptor_sets_include_source_info.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _import_path(src, info):
    """The path under which other .proto files import src."""

    # proto_source_root is ".", "external/repo" or ".../_virtual_imports/name".
    root = info.proto_source_root
    for prefix in (root, src.root.path + "/" + root, src.root.path, src.owner.workspace_root):
        if prefix and prefix != "." and src.path.startswith(prefix + "/"):
            return src.path[len(prefix) + 1:]
    return src.path

def _stem(path):
    for end in (".protodevel", ".proto"):
        if path.endswith(end):
            return path[:-len(end)]
    return path

def _generate(ctx, dep, out_dir, include_root):
    """Runs protoc over the direct sources of one proto_library. Returns headers and sources."""
    info = dep[ProtoInfo]
    imports = [_import_path(f, info) for f in info.direct_sources]
    if not imports:
        return [], []
    stems = [out_dir + "/" + _stem(i) for i in imports]
    if ctx.attr.mocks:
        headers = [ctx.actions.declare_file(s + ".runnel_mock.h") for s in stems]
        sources = []
        parameter = "mock=only"
    else:
        headers = [ctx.actions.declare_file(s + ".runnel.h") for s in stems]
        sources = [ctx.actions.declare_file(s + ".runnel.cc") for s in stems]
        parameter = ""

    args = ctx.actions.args()
    args.add(ctx.executable._plugin, format = "--plugin=protoc-gen-runnel=%s")
    args.add("--runnel_out=" + parameter + ":" + include_root)

    # Descriptor sets instead of -I flags: protoc then needs none of the .proto files
    # nor their import roots, transitive imports included.
    args.add_joined(info.transitive_descriptor_sets, join_with = ":", format_joined = "--descriptor_set_in=%s")
    args.add_all(imports)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        tools = [ctx.executable._plugin],
        inputs = info.transitive_descriptor_sets,
        outputs = headers + sources,
        arguments = [args],
        mnemonic = "RunnelCc",
        progress_message = "Generating Runnel code for %s" % dep.label,
    )
    return headers, sources

def _runnel_cc_impl(ctx):
    cc_toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc_toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )

    # Everything goes below one directory of this target, so that the generated
    # header is included by the proto's import path whatever package, repository
    # or import prefix the proto_library has.
    out_dir = "_runnel/" + ctx.label.name
    include_root = "/".join([
        part
        for part in [ctx.bin_dir.path, ctx.label.workspace_root, ctx.label.package, out_dir]
        if part
    ])
    headers, sources = [], []
    for dep in ctx.attr.protos:
        h, s = _generate(ctx, dep, out_dir, include_root)
        headers += h
        sources += s

    deps = ctx.attr.deps + [ctx.attr._runtime]
    compilation, outputs = cc_common.compile(
        name = ctx.label.name,
        actions = ctx.actions,
        cc_toolchain = cc_toolchain,
        feature_configuration = features,
        srcs = sources,
        public_hdrs = headers,
        includes = [include_root],
        user_compile_flags = ["-std=c++20"] + ctx.attr.copts,
        compilation_contexts = [d[CcInfo].compilation_context for d in deps],
    )
    linking, _ = cc_common.create_linking_context_from_compilation_outputs(
        name = ctx.label.name,
        actions = ctx.actions,
        cc_toolchain = cc_toolchain,
        feature_configuration = features,
        compilation_outputs = outputs,
        linking_contexts = [d[CcInfo].linking_context for d in deps],
        disallow_dynamic_library = True,
    )
    return [
        CcInfo(compilation_context = compilation, linking_context = linking),
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(hdrs = depset(headers), srcs = depset(sources)),
    ]

_runnel_cc = rule(
    implementation = _runnel_cc_impl,
    attrs = {
        "protos": attr.label_list(providers = [ProtoInfo], mandatory = True),
        "deps": attr.label_list(providers = [CcInfo]),
        "copts": attr.string_list(),
        "mocks": attr.bool(doc = "Write the mock headers, and nothing else."),
        "_protoc": attr.label(
            default = "@com_google_protobuf//:protoc",
            executable = True,
            cfg = "exec",
        ),
        "_plugin": attr.label(
            default = Label("//codegen/plugin:protoc-gen-runnel"),
            executable = True,
            cfg = "exec",
        ),
        "_runtime": attr.label(
            default = Label("//runtime:codegen_support"),
            providers = [CcInfo],
        ),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
    incompatible_use_toolchain_transition = True,
)

def runnel_cc_library(name, protos, deps, mock = False, visibility = None, **kwargs):
    """A C++ library with the services and stubs of some .proto files.

    Args:
      name: of the target.
      protos: proto_library targets. Their own sources get code, not what those import.
      deps: the cc_proto_library of each of them.
      mock: also make the target <name>_mock (testonly): chat/v1/chat.runnel_mock.h with a
        GoogleMock class MockChatStub for each service Chat.
      visibility: of both targets.
      **kwargs: copts, and what every rule takes: tags, testonly, ...
    """
    _runnel_cc(
        name = name,
        protos = protos,
        deps = deps,
        visibility = visibility,
        **kwargs
    )
    if mock:
        _runnel_cc(
            name = name + "_mock",
            protos = protos,
            deps = [":" + name, "@com_google_googletest//:gtest"],
            mocks = True,
            visibility = visibility,
            **dict(kwargs, testonly = True)
        )
