#include "identity.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "proc_stat.h"

namespace sentry {

namespace {

constexpr unsigned kProcessGroup = 1 << 2;  // PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9

// 0, or an errno.
int send(const Fd& pidfd, int signal, unsigned flags) noexcept {
  return syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, flags) == 0 ? 0 : errno;
}

bool is_there(int error) noexcept { return error == 0 || error == EPERM; }

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

bool unreaped(const Fd& pidfd) noexcept { return is_there(send(pidfd, 0, 0)); }

bool keeps_number(const Fd& pidfd) noexcept { return unreaped(pidfd) || is_there(send(pidfd, 0, kProcessGroup)); }

// The owner of /proc/PID would not do: that is root where the process may not be dumped. proc_pid(5)
bool runs_as(int pid, const Fd& pidfd, uid_t uid) noexcept {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/%d/status", pid);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), std::fclose);
  char line[256];
  unsigned real = 0, effective = 0;
  bool found = false;
  while (file && !found && std::fgets(line, sizeof line, file.get()))
    found = std::sscanf(line, "Uid: %u %u", &real, &effective) == 2;
  return found && (real == uid || effective == uid) && unreaped(pidfd);
}

int send_signal(const Fd& pidfd, int signal) noexcept { return send(pidfd, signal, 0); }

uint64_t ticks_now() noexcept {
  static const auto ticks_per_second = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<uint64_t>(t.tv_sec) * ticks_per_second +
         static_cast<uint64_t>(t.tv_nsec) * ticks_per_second / 1'000'000'000;
}

int pid_of(int pidfd) noexcept {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), std::fclose);
  char line[64];
  for (int pid = 0; file && std::fgets(line, sizeof line, file.get());)
    if (std::sscanf(line, "Pid: %d", &pid) == 1) return pid > 0 ? pid : 0;
  return 0;
}

}  // namespace sentry
