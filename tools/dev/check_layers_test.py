"""Tests of check_layers: one planted violation at a time, in a tree of its own."""

import importlib.machinery
import importlib.util
import os
import sys
import tempfile
import unittest

_path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_layers")
_loader = importlib.machinery.SourceFileLoader("check_layers", _path)
_spec = importlib.util.spec_from_loader("check_layers", _loader)
check_layers = importlib.util.module_from_spec(_spec)
sys.dont_write_bytecode = True
_loader.exec_module(check_layers)


class CheckLayersTest(unittest.TestCase):
    def errors(self, path, *lines):
        """What is found in a tree whose only file is `path`."""
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, os.path.dirname(path)))
            with open(os.path.join(root, path), "w", encoding="utf-8") as out:
                out.write("\n".join(lines) + "\n")
            return check_layers.check(root)[1]

    def assert_allowed(self, path, include):
        self.assertEqual(self.errors(path, "#include %s" % include), [])

    def assert_refused(self, path, include, reason):
        errors = self.errors(path, "// A comment.", "#include %s" % include)
        self.assertEqual(len(errors), 1, errors)
        self.assertTrue(errors[0].startswith("%s:2: includes " % path), errors[0])
        self.assertIn(reason, errors[0])

    def test_lower_layers_may_be_included(self):
        self.assert_allowed("runtime/wire/frame.h", '"runtime/core/metadata.h"')
        self.assert_allowed("runtime/http/http_body.h", '"runtime/async/awaitable.h"')
        self.assert_allowed("runtime/session/session.cc", '"runtime/wire/frame.h"')
        self.assert_allowed("runtime/call/call.h", '"runtime/session/session.h"')
        self.assert_allowed("runtime/server/server.cc", '"runtime/http/http_message.h"')
        self.assert_allowed("runtime/topic/topic.h", '"runtime/call/writer.h"')

    def test_own_folder_may_be_included(self):
        self.assert_allowed("runtime/core/codec.h", '"runtime/core/limits.h"')
        self.assert_allowed("codegen/model/service.cc", '"codegen/model/service.h"')

    def test_upper_layers_may_not(self):
        self.assert_refused("runtime/core/codec.h", '"runtime/wire/frame.h"', "no other folder")
        self.assert_refused("runtime/wire/frame.h", '"runtime/http/http_body.h"', "runtime/core")
        self.assert_refused("runtime/async/clock.h", '"runtime/http/http_body.h"', "runtime/core")
        self.assert_refused("runtime/session/session.h", '"runtime/call/call.h"', "runtime/wire")

    def test_client_and_server_never_include_each_other(self):
        self.assert_refused("runtime/client/channel.cc", '"runtime/server/server.h"',
                            "runtime/client may include")
        self.assert_refused("runtime/server/server.cc", '"runtime/client/channel.h"',
                            "runtime/server may include")

    def test_only_tests_include_testing(self):
        testing = '"runtime/testing/manual_clock.h"'
        self.assert_refused("runtime/server/server.cc", testing, "only tests")
        self.assert_refused("services/examples/chat/main.cc", testing, "only tests")
        self.assert_refused("tools/bench/client.cc", testing, "only tests")
        self.assert_allowed("runtime/server/server_test.cc", testing)
        self.assert_allowed("runtime/server/server_test_peer.h", testing)
        self.assert_allowed("runtime/testing/failing_http.h", testing)
        self.assert_allowed("tests/end_to_end/echo.h", testing)

    def test_codegen_never_includes_runtime(self):
        self.assert_refused("codegen/cpp/stub.cc", '"runtime/core/method_info.h"', "codegen/cpp")
        self.assert_refused("codegen/plugin/main.cc", "<runnel/codegen_support.h>",
                            "codegen/plugin")
        self.assert_allowed("codegen/testdata/echo.runnel.h", '"runnel/codegen_support.h"')

    def test_descriptors_are_read_in_the_model_only(self):
        descriptor = "<google/protobuf/descriptor.h>"
        self.assert_refused("codegen/cpp/stub.cc", descriptor, "not for this folder")
        self.assert_allowed("codegen/model/service.cc", descriptor)

    def test_beast_and_tls_stay_in_sources_of_http(self):
        for header in ("<boost/beast/http.hpp>", "<boost/asio/ssl.hpp>",
                       "<boost/asio/ssl/stream.hpp>"):
            self.assert_allowed("runtime/http/http_parser.cc", header)
            self.assert_refused("runtime/http/http_parser.h", header, "not for this folder")
            self.assert_refused("runtime/server/server.cc", header, "not for this folder")

    def test_core_and_wire_do_no_io(self):
        self.assert_refused("runtime/core/deadline.h", "<boost/asio/steady_timer.hpp>", "boost/asio")
        self.assert_refused("runtime/wire/frame.cc", '"boost/asio/awaitable.hpp"', "boost/asio")
        self.assert_allowed("runtime/async/clock.h", "<boost/asio/steady_timer.hpp>")

    def test_services_see_what_users_see(self):
        self.assert_allowed("services/health/health.h", '"runnel/server.h"')
        self.assert_allowed("services/health/health.h", '"services/health/health.runnel.h"')
        self.assert_refused("services/health/health.cc", '"runtime/server/server.h"',
                            "runtime/include")

    def test_folder_that_is_in_no_layer_is_an_error(self):
        errors = self.errors("runtime/misc/thing.h", "#pragma once")
        self.assertEqual(len(errors), 1)
        self.assertIn("runtime/misc/thing.h: in no layer", errors[0])

    def test_include_of_a_folder_that_is_in_no_layer_is_refused(self):
        self.assert_refused("runtime/server/server.cc", '"runtime/misc/thing.h"', "may include")

    def test_directive_may_be_spaced_and_a_comment_is_none(self):
        self.assertEqual(len(self.errors("runtime/core/a.h",
                                         '  #  include   "runtime/wire/frame.h"')), 1)
        self.assertEqual(self.errors("runtime/core/a.h", '// #include "runtime/wire/frame.h"'), [])

    def test_generated_headers_of_the_protocol_are_open_to_all(self):
        self.assert_allowed("runtime/wire/frame_codec.cc", '"runnel/v1/channel.pb.h"')


if __name__ == "__main__":
    unittest.main()
