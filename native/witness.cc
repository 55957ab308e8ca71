#include "witness.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>

#include "proc_stat.h"

namespace sentry {

namespace {

// linux/pidfd.h as of Linux 6.15. The number of the ioctl holds the size: a newer kernel fills in no more than this.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t pid, tgid, ppid;
  uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64 && offsetof(PidfdInfo, exit_code) == 60);
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr uint64_t kInfoExit = 1 << 3;

std::optional<uint32_t> ask_pidfd(const Fd& pidfd) noexcept {
  PidfdInfo about{};
  about.mask = kInfoExit;
  // Not by ioctl(3): its request is an unsigned long with glibc, and an int, which cannot hold this one, with musl.
  if (syscall(SYS_ioctl, pidfd.get(), kPidfdGetInfo, &about) < 0) return std::nullopt;
  return about.mask & kInfoExit ? std::optional(static_cast<uint32_t>(about.exit_code)) : std::nullopt;
}

bool hung_up(const Fd& pidfd) noexcept {
  pollfd ended{pidfd.get(), 0, 0};
  return poll(&ended, 1, 0) > 0 && (ended.revents & POLLHUP);
}

// Of a zombie. Should it be reaped in between, then read_stat() says so afterwards.
bool may_trace(int pid) noexcept {
  char path[32], target[1];
  std::snprintf(path, sizeof path, "/proc/%d/cwd", pid);
  return readlink(path, target, sizeof target) >= 0 || errno == ENOENT;
}

int64_t micros(uint64_t ticks) noexcept {
  static const int64_t ticks_per_second = sysconf(_SC_CLK_TCK);
  return static_cast<int64_t>(ticks) * 1'000'000 / ticks_per_second;
}

}  // namespace

// 6.13 and 6.14 have the ioctl, but not this part of it, and look the same until the process is reaped. So by number.
bool pidfd_will_tell() noexcept {
  utsname system{};
  int major = 0, minor = 0;
  return uname(&system) == 0 && std::sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
         (major > 6 || (major == 6 && minor >= 15));
}

Testimony testify(int pid, uint64_t start_ticks, const Fd& pidfd, std::optional<uint32_t> told) noexcept {
  Testimony testimony;
  testimony.wait_status = ask_pidfd(pidfd);
  if (testimony.wait_status) return testimony;

  const bool true_status = may_trace(pid);
  if (const auto stat = read_stat(pid); stat && stat->state == 'Z' && stat->start_ticks == start_ticks) {
    testimony.user_us = micros(stat->user_ticks);
    testimony.system_us = micros(stat->system_ticks);
    if (true_status) testimony.wait_status = stat->wait_status;
  }

  const bool reaped = hung_up(pidfd);
  if (!testimony.wait_status && reaped) testimony.wait_status = ask_pidfd(pidfd);  // since it was asked first
  if (!testimony.wait_status) testimony.wait_status = told;
  testimony.yet_to_come = !testimony.wait_status && !reaped && pidfd_will_tell();
  return testimony;
}

}  // namespace sentry
