#include "identity.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "proc_stat.h"

namespace sentry {

namespace {

constexpr unsigned kProcessGroup = 1 << 2;  // PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9

bool send(const Fd& pidfd, int signal, unsigned flags) noexcept {
  return syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, flags) == 0;
}

}  // namespace

std::optional<uint64_t> start_ticks(int pid) noexcept {
  const auto stat = read_stat(pid);
  return stat ? std::optional(stat->start_ticks) : std::nullopt;
}

// Looked at in this order: that it is there afterwards means that the number was its own meanwhile.
std::optional<uint64_t> start_ticks(int pid, const Fd& pidfd) noexcept {
  const auto ticks = start_ticks(pid);
  return unreaped(pidfd) ? ticks : std::nullopt;
}

std::variant<Fd, Fault> open_process(int pid, uint64_t expected_ticks) {
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));  // Linux 5.3; born CLOEXEC
  if (!pidfd) return Fault{"pidfd_open", errno, std::to_string(pid)};
  if (start_ticks(pid) != expected_ticks) return Fault{"pidfd_open", ESRCH, std::to_string(pid)};
  return pidfd;
}

bool unreaped(const Fd& pidfd) noexcept {
  // EPERM: it is there, as another user.
  return send(pidfd, 0, 0) || errno == EPERM;
}

void signal_group(int pid, const Fd& pidfd, int signal) noexcept {
  if (send(pidfd, signal, kProcessGroup) || errno != EINVAL) return;
  if (unreaped(pidfd)) kill(-pid, signal);
}

}  // namespace sentry
