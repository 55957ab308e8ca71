#include "after_clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sentry {

namespace {

constexpr int kSignals = 64;
constexpr size_t kSignalSetBytes = kSignals / 8;

bool fail(ChildPlan& plan, Step step) noexcept {
  plan.failed = step;
  plan.error = errno;
  return false;
}

// A handler of the parent's must never run here: all signals are blocked until every disposition is the default again.
// Only what is ignored would survive exec (Node ignores SIGPIPE and SIGXFSZ). The kernel's struct sigaction of all
// zeros is SIG_DFL without flags on every architecture. SIGKILL and SIGSTOP refuse, which is fine.
void reset_signals() noexcept {
  static const unsigned long default_action[8] = {};
  for (int signal = 1; signal <= kSignals; ++signal)
    syscall(SYS_rt_sigaction, signal, default_action, nullptr, kSignalSetBytes);
}

void unblock_signals() noexcept {
  static const unsigned long none[kSignalSetBytes / sizeof(unsigned long)] = {};
  syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, none, nullptr, kSignalSetBytes);
}

// First out of the way of the final numbers, then onto them: no source is overwritten before it is used, and none
// equals its target, so dup3 clears CLOEXEC on each.
bool place_descriptors(ChildPlan& plan) noexcept {
  for (int n = 0; n < plan.keep_count; ++n) {
    if (plan.keep[n] < 0) continue;
    plan.scratch[n] = static_cast<int>(syscall(SYS_fcntl, plan.keep[n], F_DUPFD, plan.keep_count));
    if (plan.scratch[n] < 0) return false;
  }
  for (int n = 0; n < plan.keep_count; ++n) {
    if (plan.keep[n] < 0) syscall(SYS_close, n);
    else if (syscall(SYS_dup3, plan.scratch[n], n, 0) < 0) return false;
  }
  return syscall(SYS_close_range, plan.keep_count, ~0u, 0) == 0;
}

bool write_oom_score_adj(const char* text, long length) noexcept {
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0));
  if (fd < 0) return false;
  const bool written = syscall(SYS_write, fd, text, length) == length;
  const int error = errno;
  syscall(SYS_close, fd);
  errno = error;
  return written;
}

int write_pid(char* digits) noexcept {
  long pid = syscall(SYS_getpid);
  char reversed[20];
  int count = 0;
  do {
    reversed[count++] = static_cast<char>('0' + pid % 10);
    pid /= 10;
  } while (pid > 0);
  for (int n = 0; n < count; ++n) digits[n] = reversed[count - 1 - n];
  digits[count] = 0;
  return count;
}

// While the descriptor table is the parent's own: what is opened here is closed here. Where this fails, the parent does it.
void introduce(Introduction& self) noexcept {
  if (self.connection < 0) return;
  *self.descriptor = static_cast<int>(syscall(SYS_pidfd_open, syscall(SYS_getpid), 0));
  if (*self.descriptor < 0) return;
  *self.length += static_cast<size_t>(write_pid(self.digits));
  self.made = syscall(SYS_sendmsg, self.connection, self.message, MSG_NOSIGNAL) >= 0;
  const int descriptor = *self.descriptor;
  *self.descriptor = -1;  // before it is closed: a number that was closed may be another's
  syscall(SYS_close, descriptor);
}

// As execvp(3): what is not there is passed over; a file that may not be executed is remembered, and the search goes on.
bool execute(ChildPlan& plan) noexcept {
  int remembered = ENOENT;
  for (const char* const* path = plan.candidates; *path != nullptr; ++path) {
    syscall(SYS_execve, *path, plan.argv, plan.envp);
    if (errno == EACCES) remembered = EACCES;
    else if (errno != ENOENT && errno != ENOTDIR) remembered = errno;
    if (remembered != ENOENT && remembered != EACCES) break;
  }
  errno = remembered;
  return false;
}

bool become(ChildPlan& plan) noexcept {
  introduce(plan.introduction);
  // The descriptor table is still the parent's own (CLONE_FILES): this gives the child a copy of its first few
  // entries, however many thousands there are. Linux 5.9.
  if (syscall(SYS_close_range, plan.unshare_from, ~0u, CLOSE_RANGE_UNSHARE) < 0) return fail(plan, Step::descriptors);
  reset_signals();
  if (syscall(SYS_setsid) < 0) return fail(plan, Step::session);
  if (!place_descriptors(plan)) return fail(plan, Step::descriptors);
  if (plan.umask >= 0) syscall(SYS_umask, plan.umask);
  if (plan.set_nice && syscall(SYS_setpriority, PRIO_PROCESS, 0, plan.nice) < 0) return fail(plan, Step::priority);
  if (plan.oom_score_adj && !write_oom_score_adj(plan.oom_score_adj, plan.oom_score_adj_length)) {
    return fail(plan, Step::oom_score_adj);
  }
  for (int n = 0; n < plan.limit_count; ++n) {
    plan.failed_limit = n;
    const ChildLimit& limit = plan.limits[n];
    if (syscall(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr) < 0) return fail(plan, Step::limit);
  }
  if (plan.set_groups && syscall(SYS_setgroups, plan.group_count, plan.groups) < 0) return fail(plan, Step::groups);
  if (plan.set_ids) {
    if (syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid) < 0) return fail(plan, Step::group_id);
    if (syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid) < 0) return fail(plan, Step::user_id);
  }
  // As the user that it will be: a folder that only that user may enter is fine, and one that it may not is an error.
  if (syscall(SYS_chdir, plan.cwd) < 0) return fail(plan, Step::directory);
  if (plan.no_new_privileges && syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    return fail(plan, Step::privileges);
  }
  if (plan.listen_pid) write_pid(plan.listen_pid);
  if (plan.watchdog_pid) write_pid(plan.watchdog_pid);
  unblock_signals();
  execute(plan);
  return fail(plan, Step::exec);
}

}  // namespace

int after_clone(void* child_plan) noexcept {
  auto& plan = *static_cast<ChildPlan*>(child_plan);
  __atomic_store_n(plan.begun, true, __ATOMIC_RELEASE);
  become(plan);
  syscall(SYS_exit_group, 127);
  return 127;
}

}  // namespace sentry
