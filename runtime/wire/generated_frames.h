// Frames in the classes that protobuf generated, written independently of the codec; for its tests.

#ifndef RUNNEL_RUNTIME_WIRE_GENERATED_FRAMES_H_
#define RUNNEL_RUNTIME_WIRE_GENERATED_FRAMES_H_

#include "runnel/v1/channel.pb.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {

v1::Frame Generated(const Frame& frame);
v1::SessionInfo Generated(const FrameBatch::SessionInfo& session);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_GENERATED_FRAMES_H_
