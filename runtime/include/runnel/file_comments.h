// What is written in .proto files, for services that show it: FileComments.

#ifndef RUNNEL_FILE_COMMENTS_H_
#define RUNNEL_FILE_COMMENTS_H_

#include "runtime/core/file_comments.h"  // IWYU pragma: export

#endif  // RUNNEL_FILE_COMMENTS_H_
