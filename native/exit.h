// How a process ended: what waitid(2) or a wait status said, decoded here and nowhere else; and the two time lines it
// is told on.
#pragma once
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sentry {

// One moment on both time lines. `mono` decides (delays, order), `wall` is shown. clock_gettime(2).
struct Stamp {
  int64_t wall_us = 0;  // CLOCK_REALTIME, microseconds since the epoch
  int64_t mono_us = 0;  // CLOCK_MONOTONIC, microseconds
};

Stamp now() noexcept;

// The moment that the kernel stamped on its CLOCK_MONOTONIC, told on both time lines.
Stamp at_monotonic(int64_t mono_ns) noexcept;

struct Exit {
  int pid = 0;
  int code = -1;   // exit code, or -1 when a signal ended it
  int signal = 0;  // the signal, or 0; with code -1: unknown, because somebody else reaped it and nobody saw how it ended
  bool core_dumped = false;
  bool kernel_time = false;  // `at` is the kernel's own stamp (process events), not ours
  Stamp at;
  int64_t user_us = 0;
  int64_t system_us = 0;
  int64_t max_rss = -1;  // bytes; -1 where it may be the mark of the memory that called exec, which the kernel keeps
};

// Decodes si_code and si_status as waitid(2) fills them in.
Exit decode_exit(const siginfo_t& status, const rusage& usage) noexcept;

// Decodes a wait status, as /proc and the kernel's own records give it. wait(2).
Exit decode_exit(uint32_t wait_status) noexcept;

// "SIGTERM" for 15, "SIGRTMIN+2" for real-time signals. signal(7).
std::string signal_name(int signal);

// The other way round; 0 for a name that does not exist.
int signal_number(std::string_view name) noexcept;

}  // namespace sentry
