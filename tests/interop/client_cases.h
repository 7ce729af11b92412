// What our client does against a server of InteropService that is not ours, case by case.

#ifndef RUNNEL_TESTS_INTEROP_CLIENT_CASES_H_
#define RUNNEL_TESTS_INTEROP_CLIENT_CASES_H_

#include <vector>

#include "tests/interop/client_case.h"

namespace interop {

std::vector<ClientCase> UnaryCases();
std::vector<ClientCase> StreamCases();
// For a channel with `use_get`.
std::vector<ClientCase> GetCases();
// For a channel with the certificate of alice, and a server that asks for it.
std::vector<ClientCase> TlsCases();

}  // namespace interop

#endif  // RUNNEL_TESTS_INTEROP_CLIENT_CASES_H_
