// Macros that pass an error on and go on otherwise, for functions and for coroutines:
//
//   RUNNEL_RETURN_IF_ERROR(Check(x));
//   RUNNEL_ASSIGN_OR_RETURN(Frame frame, ParseFrame(bytes));
//   RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(tick));
//   RUNNEL_CO_ASSIGN_OR_RETURN(Reply reply, co_await stub.Ask(question));
//
// They work wherever the enclosing function returns an absl::Status or an absl::StatusOr.

#ifndef RUNNEL_RUNTIME_CORE_STATUS_MACROS_H_
#define RUNNEL_RUNTIME_CORE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RUNNEL_STATUS_CONCAT_INNER_(a, b) a##b
#define RUNNEL_STATUS_CONCAT_(a, b) RUNNEL_STATUS_CONCAT_INNER_(a, b)

#define RUNNEL_RETURN_IF_ERROR_INNER_(return_, expression)                  \
  do {                                                                      \
    if (absl::Status runnel_status_ = (expression); !runnel_status_.ok()) { \
      return_ runnel_status_;                                               \
    }                                                                       \
  } while (false)

#define RUNNEL_ASSIGN_OR_RETURN_INNER_(return_, variable, declaration, expression) \
  auto variable = (expression);                                                    \
  if (!variable.ok()) return_ std::move(variable).status();                        \
  declaration = *std::move(variable)

#define RUNNEL_RETURN_IF_ERROR(expression) RUNNEL_RETURN_IF_ERROR_INNER_(return, expression)
#define RUNNEL_CO_RETURN_IF_ERROR(expression) RUNNEL_RETURN_IF_ERROR_INNER_(co_return, expression)

#define RUNNEL_ASSIGN_OR_RETURN(declaration, expression)                                  \
  RUNNEL_ASSIGN_OR_RETURN_INNER_(return, RUNNEL_STATUS_CONCAT_(runnel_result_, __LINE__), \
                                       declaration, expression)
#define RUNNEL_CO_ASSIGN_OR_RETURN(declaration, expression)                                  \
  RUNNEL_ASSIGN_OR_RETURN_INNER_(co_return, RUNNEL_STATUS_CONCAT_(runnel_result_, __LINE__), \
                                 declaration, expression)

#endif  // RUNNEL_RUNTIME_CORE_STATUS_MACROS_H_
