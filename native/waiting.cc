#include "waiting.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3  // Linux 5.4
#endif

namespace sentry {

namespace {

// The system call has a fifth argument that glibc's wrapper hides: the rusage of exactly this child. waitid(2)
bool wait_for(const Fd& pidfd, siginfo_t& status, rusage* usage, int options) noexcept {
  long result;
  do {
    result = syscall(SYS_waitid, P_PIDFD, pidfd.get(), &status, WEXITED | WNOHANG | options, usage);
  } while (result < 0 && errno == EINTR);
  return result == 0;
}

}  // namespace

bool is_over(const Fd& pidfd) noexcept {
  pollfd over{pidfd.get(), POLLIN, 0};
  return poll(&over, 1, 0) > 0;
}

Peek peek(const Fd& pidfd, Exit& exit) noexcept {
  siginfo_t status{};
  rusage usage{};
  if (!wait_for(pidfd, status, &usage, WNOWAIT)) return Peek::not_our_child;
  if (status.si_pid == 0) return Peek::lives;
  exit = decode_exit(status, usage);
  return Peek::ended;
}

void take_zombie(const Fd& pidfd) noexcept {
  siginfo_t status{};
  wait_for(pidfd, status, nullptr, 0);
}

}  // namespace sentry
