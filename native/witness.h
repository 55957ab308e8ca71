// How did a process end that is not our child? waitid(2) says nothing of it. Three others may know, here in the order
// in which they are believed:
//
//   the pidfd     ioctl PIDFD_GET_INFO has the wait status of any process whose pidfd was held, from the moment in which
//                 its parent has reaped it (Linux 6.15).
//   the zombie    while it waits for its parent, /proc/PID/stat has its wait status and its CPU time. The status is 0 for
//                 those who may not trace the process (proc_pid_stat(5)), and so the same question is put to the kernel
//                 where it is answered with yes or no: the link /proc/PID/cwd is refused to them with EACCES, while a
//                 zombie's, which leads nowhere, gives ENOENT to the others. (To compare users would not do: 6.18
//                 hides the status of a zombie of our own user that had changed to it without an exec.)
//   netlink       the kernel's process events, where they were listened to (exit_times.h).
//
// A zombie that cannot be read is waited for where its pidfd will tell: a status that comes late is better than none.
// Its parent may be slow: the pidfd is readable (POLLIN) at the exit itself, and hangs up (POLLHUP, 6.9) when the
// parent reaps. Measured on 6.18, of a process whose parent waited 300 ms: POLLIN after 0.06 ms, POLLHUP after 300.5, and
// not before then did the ioctl know more than who it had been. One of nobody's, left to PID 1, took up to 2 s.
//
// All three are right about a process whose first thread ended before the others (measured, also where its parent
// ignores SIGCHLD): the pidfd and the zombie on 6.18, netlink because it counts threads.
#pragma once
#include <cstdint>
#include <optional>

#include "fd.h"

namespace sentry {

struct Testimony {
  std::optional<uint32_t> wait_status;  // wait(2)
  bool yet_to_come = false;             // nothing now; ask again when the pidfd has hung up
  int64_t user_us = 0;                  // CPU time, in the kernel's clock ticks; 0 where the zombie is gone
  int64_t system_us = 0;
};

// Of a process whose pidfd is readable. `told`: its wait status by the process events, where there is one.
// `start_ticks` tells whether what /proc shows is that process; 0: not known, and then nothing in /proc is believed.
Testimony testify(int pid, uint64_t start_ticks, const Fd& pidfd, std::optional<uint32_t> told) noexcept;

// Whether this kernel keeps the status of a process for as long as somebody holds its pidfd: PIDFD_INFO_EXIT, Linux 6.15.
bool pidfd_will_tell() noexcept;

}  // namespace sentry
