#include "services/examples/monitor/sample_text.h"

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "services/examples/shared/human_bytes.h"
#include "services/examples/shared/proto_time.h"

namespace examples::monitor {

std::string OneLine(const v1::Sample& sample) {
  double received = 0, sent = 0, read = 0, written = 0;
  for (const v1::Network& network : sample.networks()) {
    received += network.received_bytes_per_second();
    sent += network.sent_bytes_per_second();
  }
  for (const v1::Disk& disk : sample.disks()) {
    read += disk.read_bytes_per_second();
    written += disk.written_bytes_per_second();
  }
  const v1::Memory& memory = sample.memory();
  return absl::StrFormat(
      "%s  %s  cpu %5.1f %%  load %.2f  memory %s of %s  network %s/s in, %s/s out  "
      "disk %s/s read, %s/s written",
      absl::FormatTime("%H:%M:%E3S", FromProto(sample.time()), absl::LocalTimeZone()),
      sample.host(), sample.cpu().busy_percent(), sample.cpu().load_1(),
      HumanBytes(static_cast<double>(memory.total_bytes() - memory.available_bytes())),
      HumanBytes(static_cast<double>(memory.total_bytes())), HumanBytes(received), HumanBytes(sent),
      HumanBytes(read), HumanBytes(written));
}

}  // namespace examples::monitor
