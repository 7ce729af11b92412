// A call as Connect's conformance runner wants it made. The comments of its client_compat.proto are
// the specification.

#ifndef RUNNEL_TESTS_CONFORMANCE_CONNECT_CONFORMANCE_CALL_H_
#define RUNNEL_TESTS_CONFORMANCE_CONNECT_CONFORMANCE_CALL_H_

#include "connectrpc/conformance/v1/client_compat.pb.h"
#include "runnel/client.h"
#include "tests/conformance/connect/certificate_files.h"

namespace conformance {

namespace v1 = connectrpc::conformance::v1;

// Makes the call, on `executor`'s loop, and tells what became of it. `files` are used on that loop
// alone, and outlive the call.
runnel::Awaitable<v1::ClientCompatResponse> MakeCall(runnel::Executor executor,
                                                     v1::ClientCompatRequest request,
                                                     CertificateFiles& files);

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_CONNECT_CONFORMANCE_CALL_H_
