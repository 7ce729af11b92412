// Feeds: publish once, any number of subscribers.

#ifndef RUNNEL_TOPIC_H_
#define RUNNEL_TOPIC_H_

#include "runtime/topic/topic.h"  // IWYU pragma: export

#endif  // RUNNEL_TOPIC_H_
