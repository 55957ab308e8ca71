// One of the kernel's process events, read from the bytes of the netlink connector. Pure: bytes in, an event out,
// whatever the bytes. linux/cn_proc.h; kernel: drivers/connector/cn_proc.c.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sentry {

struct ProcEvent {
  enum class What { ack, fork, exec, exit, other };

  What what = What::other;
  uint32_t cpu = 0;
  uint32_t seq = 0;   // counts all events of that CPU
  uint32_t ack = 0;   // ack: what was asked, plus one
  int error = 0;      // ack: an errno, or 0
  int64_t at_ns = 0;  // CLOCK_MONOTONIC
  int pid = 0;        // the thread; of a fork: the new one
  int tgid = 0;       // its process
  int parent_pid = 0;
  int parent_tgid = 0;     // exit: 0 where the thread was already released, as all but leaders are by then
  uint32_t exit_code = 0;  // exit: the thread's wait status, see wait(2)
  int exit_signal = 0;     // exit: what the parent is sent; -1 for a thread that is no leader
};

// Takes the next event off the front of a datagram; nothing, where there is none left. Never reads past its end,
// and steps over what is truncated, of a wrong length or of another kind. Longer events of newer kernels are fine.
std::optional<ProcEvent> next_event(std::span<const std::byte>& datagram) noexcept;

// Its wire format, for those who ask and filter. Values, because that header moved its names between kernel versions.
namespace wire {
constexpr uint32_t kNone = 0, kFork = 1, kExec = 2, kExit = 0x8000'0000;  // `what`; none is an answer
constexpr size_t kEvent = 36;  // its offset: after a netlink header and a connector header, without gaps
constexpr size_t kBody = 16;   // in the event: after what, cpu and timestamp_ns
}  // namespace wire

}  // namespace sentry
