// Which process a number means. A pid is given to a stranger once its process has been reaped; the pid together with
// the start time is given only once (until the next boot, for the time is counted from there).
//
// A pidfd means one process for ever, but it is opened by number. So the start time is looked at afterwards: where it
// is the expected one, the number still meant the expected process, and so it did when the pidfd was opened a moment
// before.
#pragma once
#include <sys/types.h>

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

// Whether its number can mean nobody else, as process, group or session: it has not been reaped, or processes of the
// group that it led hold on to its number (PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9; before that nothing is known of those).
bool keeps_number(const Fd& pidfd) noexcept;

// Whether this is its real or effective user now. False where it has been reaped.
bool runs_as(int pid, const Fd& pidfd, uid_t uid) noexcept;

// 0, or an errno. ESRCH: it is gone; EPERM: it is there, as another user. Signal 0 only asks.
int send_signal(const Fd& pidfd, int signal) noexcept;

// Now, in the same ticks: whatever is born from here on has no smaller number.
uint64_t ticks_now() noexcept;

// The number of the process that a pidfd means; 0 where it has been reaped.
int pid_of(int pidfd) noexcept;

}  // namespace sentry
