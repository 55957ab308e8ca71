// Which process a number means. A pid is given to a stranger once its process has been reaped; the pid together with
// the start time is given only once (until the next boot, for the time is counted from there).
//
// A pidfd means one process for ever, but it is opened by number. So the start time is looked at afterwards: where it
// is the expected one, the number still meant the expected process, and so it did when the pidfd was opened a moment
// before.
#pragma once
#include <cstdint>
#include <optional>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

// Field 22 of /proc/PID/stat, in clock ticks since the boot; zombies have it too. Nothing where there is no such
// process.
std::optional<uint64_t> start_ticks(int pid) noexcept;

// The same of the process that a pidfd means. Nothing where it has been reaped.
std::optional<uint64_t> start_ticks(int pid, const Fd& pidfd) noexcept;

// The process with this number and this start time; a zombie is one too. ESRCH: it is gone, or the number means another.
std::variant<Fd, Fault> open_process(int pid, uint64_t start_ticks);

// Whether it has not been reaped: then the number of its process is still its own.
bool unreaped(const Fd& pidfd) noexcept;

// Signals the group that a process leads, and never a stranger's: by the pidfd, which the group's processes hold on to
// also when their leader is gone (PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9). Before 6.9 by number, as long as the leader
// has not been reaped, and not at all afterwards.
void signal_group(int pid, const Fd& pidfd, int signal) noexcept;

}  // namespace sentry
