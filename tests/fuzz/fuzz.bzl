"""What makes a fuzzer of NAME.cc."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")

def fuzzer(name, deps):
    """A library NAME_fuzzer for corpus_test, and with --config=fuzz the program NAME.

    Args:
      name: of the fuzzer, which is in NAME.cc.
      deps: what it fuzzes.
    """
    cc_library(
        name = name + "_fuzzer",
        testonly = True,
        srcs = [name + ".cc"],
        deps = [":fuzzer"] + deps,
        alwayslink = True,
    )
    cc_binary(
        name = name,
        testonly = True,
        srcs = ["libfuzzer.cc"],
        linkopts = ["-fsanitize=fuzzer"],
        # Only clang has libFuzzer; "//..." of another configuration leaves it out.
        target_compatible_with = select({
            ":fuzzing": [],
            "//conditions:default": [":libfuzzer"],
        }),
        deps = [
            ":fuzzer",
            ":" + name + "_fuzzer",
        ],
    )
