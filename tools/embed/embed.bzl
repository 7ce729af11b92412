"""embed_files: a C++ function that returns files, as they are and compressed.

    embed_files(name = "page_files", function = "PageFiles", header = "my/page_files.h", srcs = ["a.html"])

The header, which is yours, declares `std::span<const EmbeddedFile> PageFiles();` in namespace runnel.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

def embed_files(name, function, header, srcs, **kwargs):
    native.genrule(
        name = name + "_source",
        srcs = srcs,
        outs = [name + "_embedded.cc"],
        cmd = "$(location //tools/embed:embed_files) %s %s $(SRCS) > $@" % (function, header),
        exec_tools = ["//tools/embed:embed_files"],
    )
    cc_library(
        name = name,
        srcs = [name + "_embedded.cc"],
        hdrs = [header.split("/")[-1]],
        deps = ["//tools/embed:embedded_file"],
        **kwargs
    )
