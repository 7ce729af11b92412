"""Dependencies taken from Debian 12 packages, under the names and labels that
the real projects use, so that BUILD files do not know the difference."""

def _run(ctx, argv):
    r = ctx.execute(argv)
    if r.return_code:
        fail("%s failed:\n%s%s" % (" ".join(argv), r.stdout, r.stderr))
    return r.stdout

# --- a Debian source tree, copied (so it can be patched) -------------------
def _debian_tree_impl(ctx):
    _run(ctx, ["cp", "-rL", ctx.attr.path + "/.", "."])
    for c in ctx.attr.patch_cmds:
        _run(ctx, ["bash", "-euc", c])

debian_tree = repository_rule(
    implementation = _debian_tree_impl,
    attrs = {"path": attr.string(), "patch_cmds": attr.string_list()},
    local = True,
)

# --- prebuilt C/C++ libraries of the system --------------------------------
_LIB = """
cc_library(
    name = "{name}",
    srcs = {srcs},
    hdrs = ["//:system_stamp.h"],
    defines = {defines},
    linkopts = {linkopts},
    deps = {deps},
    linkstatic = True,
    alwayslink = {alwayslink},
    visibility = ["//visibility:public"],
)
"""

def _system_cc_impl(ctx):
    # The versions go into a header that every target depends on: system headers
    # are not Bazel inputs, so without it the disk cache would serve objects
    # compiled against another version.
    stamp = _run(ctx, ["dpkg-query", "-W", "-f", "${Package} ${Version}\n"] + ctx.attr.debs)
    ctx.file("WORKSPACE", "workspace(name = %r)\n" % ctx.name)
    ctx.file("system_stamp.h", "".join(["// %s\n" % l for l in stamp.strip().split("\n")]))
    packages = {"": ["exports_files([\"system_stamp.h\"], visibility = [\"//visibility:public\"])\n"]}
    for path, content in ctx.attr.files.items():
        ctx.file(path, content)
    for label, spec in ctx.attr.libs.items():
        package, _, name = label.partition(":")
        opts, deps, defines, srcs, alwayslink = [], [], [], [], False
        for w in spec:
            if w.startswith("pc:"):
                opts += [o for o in _run(ctx, ["pkg-config", "--libs", w[3:]]).strip().split(" ") if o]
            elif w == "alwayslink":
                alwayslink = True
            elif w.startswith("-D"):
                defines.append(w[2:])
            elif w.startswith("-"):
                opts.append(w)
            elif w.endswith(".cc"):
                srcs.append(w)
            else:
                deps.append(w)
        packages.setdefault(package, []).append(_LIB.format(
            name = name or package.rpartition("/")[2],
            srcs = repr(srcs), defines = repr(defines), linkopts = repr(opts), deps = repr(deps),
            alwayslink = alwayslink,
        ))
    for package, chunks in packages.items():
        extra = ctx.attr.extra_build if package == "" else ""
        ctx.file(package + "/BUILD.bazel" if package else "BUILD.bazel", "".join(chunks) + extra)

system_cc_repository = repository_rule(
    implementation = _system_cc_impl,
    attrs = {
        "debs": attr.string_list(mandatory = True),
        "libs": attr.string_list_dict(mandatory = True, doc = "'package:target' -> pc:NAME | -lX | -DX | source.cc | //label"),
        "files": attr.string_dict(),
        "extra_build": attr.string(),
    },
    local = True,
)

_WKT = {
    "any": [], "api": ["source_context", "type"], "duration": [], "empty": [], "field_mask": [],
    "source_context": [], "struct": [], "timestamp": [], "type": ["any", "source_context"],
    "wrappers": [], "descriptor": [], "compiler/plugin": ["descriptor"],
}

def _wkt_name(n):
    return n.replace("/", "_") + "_proto"

def _system_protobuf_impl(ctx):
    stamp = _run(ctx, ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", "libprotobuf-dev", "libprotoc-dev", "protobuf-compiler"])
    ctx.file("WORKSPACE", "workspace(name = %r)\n" % ctx.name)
    ctx.file("system_stamp.h", "".join(["// %s\n" % l for l in stamp.strip().split("\n")]))
    ctx.file("protoc.sh", "#!/bin/sh\n" + "".join(["# %s\n" % l for l in stamp.strip().split("\n")]) +
                          "exec /usr/bin/protoc \"$@\"\n", executable = True)
    ctx.symlink("/usr/include/google", "src/google")
    out = ["""package(default_visibility = ["//visibility:public"])
cc_library(name = "protobuf", hdrs = ["system_stamp.h"], linkopts = ["-lprotobuf", "-pthread"])
cc_library(name = "protobuf_lite", hdrs = ["system_stamp.h"], linkopts = ["-lprotobuf-lite", "-pthread"])
cc_library(name = "protoc_lib", hdrs = ["system_stamp.h"], linkopts = ["-lprotoc"], deps = [":protobuf"])
sh_binary(name = "protoc", srcs = ["protoc.sh"])
proto_lang_toolchain(
    name = "cc_toolchain",
    command_line = "--cpp_out=$(OUT)",
    runtime = ":protobuf",
    blacklisted_protos = %r,
)
""" % [":" + _wkt_name(n) for n in _WKT]]
    for n, deps in _WKT.items():
        out.append("proto_library(name = %r, srcs = [%r], strip_import_prefix = \"src\", deps = %r)\n" %
                   (_wkt_name(n), "src/google/protobuf/" + n + ".proto", [":" + _wkt_name(d) for d in deps]))
    ctx.file("BUILD.bazel", "".join(out))

system_protobuf = repository_rule(implementation = _system_protobuf_impl, local = True)

def _stub_impl(ctx):
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD.bazel", ctx.attr.build)

stub_repository = repository_rule(implementation = _stub_impl, attrs = {"build": attr.string()})

_ABSL = {
    "absl/algorithm:container": ["pc:absl_algorithm_container"],
    "absl/base": ["pc:absl_base"],
    "absl/base:core_headers": [],
    "absl/cleanup": ["pc:absl_cleanup"],
    "absl/container:flat_hash_map": ["pc:absl_flat_hash_map"],
    "absl/container:flat_hash_set": ["pc:absl_flat_hash_set"],
    "absl/container:btree": ["pc:absl_btree"],
    "absl/container:inlined_vector": ["pc:absl_inlined_vector"],
    "absl/debugging:failure_signal_handler": ["pc:absl_failure_signal_handler"],
    "absl/debugging:symbolize": ["pc:absl_symbolize"],
    "absl/flags:flag": ["pc:absl_flags"],
    "absl/flags:parse": ["pc:absl_flags_parse"],
    "absl/flags:usage": ["pc:absl_flags_usage"],
    "absl/functional:any_invocable": ["pc:absl_any_invocable"],
    "absl/functional:function_ref": ["pc:absl_function_ref"],
    "absl/hash": ["pc:absl_hash"],
    "absl/memory": [],
    "absl/random": ["pc:absl_random_random", "pc:absl_random_distributions"],
    "absl/status": ["pc:absl_status"],
    "absl/status:statusor": ["pc:absl_statusor"],
    "absl/strings": ["pc:absl_strings"],
    "absl/strings:cord": ["pc:absl_cord"],
    "absl/strings:str_format": ["pc:absl_str_format"],
    "absl/synchronization": ["pc:absl_synchronization"],
    "absl/time": ["pc:absl_time"],
    "absl/types:optional": ["pc:absl_optional"],
    "absl/types:span": ["pc:absl_span"],
    "absl/types:variant": ["pc:absl_variant"],
}


# Frames of coroutines come from malloc: asio's own cache keeps two of them for a thread, and a call
# has some thirty of many sizes, for which it then asks std::aligned_alloc, the slow path of glibc.
_ASIO_DEFINES = [
    "-DBOOST_ASIO_SEPARATE_COMPILATION",
    "-DBOOST_ASIO_NO_DEPRECATED",
    "-DBOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC",
    "-DBOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING",
    "-DBOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING",
]
_ASIO_SRC = """#include <boost/asio/impl/src.hpp>
"""
_SSL_SRC = """#include <boost/asio/ssl/impl/src.hpp>
"""
# ThreadSanitizer does not see the reference counts of absl::Status, which are in the prebuilt
# library: who frees a shared status seems to race with who read it.
_TSAN_SUPPRESSIONS_SRC = """extern "C" const char* __tsan_default_suppressions() {
  return "race:absl::*::Status::Unref*\\n";
}
"""
_BEAST_SRC = """#include <boost/beast/src.hpp>
"""

_SYSTEM = {
    "boost": struct(
        debs = ["libboost1.81-dev", "libboost-url1.81-dev", "libboost-json1.81-dev"],
        libs = {
            ":headers": [],
            ":asio": _ASIO_DEFINES + ["asio_src.cc", "-pthread", ":headers"],
            ":asio_ssl": ["asio_ssl_src.cc", ":asio", "@openssl//:ssl"],
            ":beast": ["-DBOOST_BEAST_SEPARATE_COMPILATION", "beast_src.cc", ":asio"],
            ":url": ["-lboost_url", ":headers"],
            ":json": ["-lboost_json", ":headers"],
        },
        files = {"asio_src.cc": _ASIO_SRC, "asio_ssl_src.cc": _SSL_SRC, "beast_src.cc": _BEAST_SRC},
    ),
    "com_google_absl": struct(debs = ["libabsl-dev"], libs = _ABSL, files = {}),
    "com_google_googletest": struct(
        debs = ["libgtest-dev", "libgmock-dev"],
        libs = {
            ":gtest": ["-lgmock", "-lgtest", "-pthread", "tsan_suppressions.cc", "alwayslink"],
            ":gtest_main": ["-lgmock_main", ":gtest"],
        },
        files = {"tsan_suppressions.cc": _TSAN_SUPPRESSIONS_SRC},
    ),
    "com_github_google_benchmark": struct(
        debs = ["libbenchmark-dev"],
        libs = {":benchmark": ["pc:benchmark"], ":benchmark_main": ["-lbenchmark_main", ":benchmark"]},
        files = {},
    ),
    "openssl": struct(debs = ["libssl-dev"], libs = {":ssl": ["-lssl", ":crypto"], ":crypto": ["-lcrypto"]}, files = {}),
    "zlib": struct(debs = ["zlib1g-dev"], libs = {":zlib": ["-lz"]}, files = {}),
    "org_brotli": struct(debs = ["libbrotli-dev"], libs = {":brotlienc": ["pc:libbrotlienc"], ":brotlidec": ["pc:libbrotlidec"]}, files = {}),
    "zstd": struct(debs = ["libzstd-dev"], libs = {":zstd": ["-lzstd"]}, files = {}),
    "hiredis": struct(debs = ["libhiredis-dev"], libs = {":hiredis": ["-lhiredis"]}, files = {}),
    "com_github_jupp0r_prometheus_cpp": struct(
        debs = ["prometheus-cpp-dev"],
        libs = {"core": ["-lprometheus-cpp-core"], "pull": ["-lprometheus-cpp-pull", "//core"]},
        files = {},
    ),
    # For tests/benchmark/grpc alone: tools/setup --bench installs it.
    "com_github_grpc_grpc": struct(
        debs = ["libgrpc++-dev", "protobuf-compiler-grpc"],
        libs = {":grpc++": ["pc:grpc++"]},
        files = {},
    ),
    "cli11": struct(debs = ["libcli11-dev"], libs = {":cli11": []}, files = {}),
    "nlohmann_json": struct(debs = ["nlohmann-json3-dev"], libs = {":json": []}, files = {}),
    "simdjson": struct(debs = ["libsimdjson-dev"], libs = {":simdjson": ["-lsimdjson"]}, files = {}),
}

def debian_deps(omit = []):
    """Declares every repository the build needs that is not declared yet.

    Args:
      omit: names the caller provides itself (real sources, another version).
    """
    have = native.existing_rules()

    def_ = [n for n in ["rules_cc", "rules_java", "rules_proto", "bazel_skylib", "platforms", "remote_coverage_tools", "com_google_protobuf"] if n not in have and n not in omit]
    if "rules_cc" in def_:
        debian_tree(
            name = "rules_cc",
            path = "/usr/share/bazel/rules/cc",
            # rules_cc 0.0.4 wants a use_cpp_toolchain() that Bazel 4.2 does not have.
            patch_cmds = ["sed -i 's/, \"use_cpp_toolchain\"//; s/use_cpp_toolchain()/[\"@bazel_tools\\/\\/tools\\/cpp:toolchain_type\"]/' cc/private/rules_impl/*.bzl"],
        )
    for name, path in [
        ("rules_java", "/usr/share/bazel/rules/java"),
        ("rules_proto", "/usr/share/bazel/rules/proto"),
        ("bazel_skylib", "/usr/share/bazel/tools/skylib"),
    ]:
        if name in def_:
            native.local_repository(name = name, path = path)
    if "remote_coverage_tools" in def_:
        # Every test rule names it; the real one is a download.
        stub_repository(name = "remote_coverage_tools", build = "filegroup(name = 'coverage_report_generator', visibility = ['//visibility:public'])\nfilegroup(name = 'lcov_merger', visibility = ['//visibility:public'])\n")
    if "com_google_protobuf" in def_:
        system_protobuf(name = "com_google_protobuf")
    for name, s in _SYSTEM.items():
        if name not in have and name not in omit:
            system_cc_repository(name = name, debs = s.debs, libs = s.libs, files = s.files)
