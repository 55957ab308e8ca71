// A process that is not our child: its parent is another process, which reaps it when it is told to and not before.
#pragma once
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <utility>

#include "../fd.h"
#include "../identity.h"
#include "../witness.h"

namespace stranger {

using sentry::Fd;

constexpr unsigned kNobody = 65534;

struct Pipe {
  Fd from, to;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == 0) from.reset(ends[0]), to.reset(ends[1]);
  }
  void say() {
    [[maybe_unused]] const auto said = write(to.get(), "!", 1);
  }
  // Until somebody has said something, or nobody can any more.
  void await_word() {
    to.reset();
    char byte;
    [[maybe_unused]] const auto heard = read(from.get(), &byte, 1);
  }
  // Until nobody has the other end any more.
  void await_end() {
    to.reset();
    char byte;
    while (read(from.get(), &byte, 1) > 0) {
    }
  }
};

class Stranger {
 public:
  // It leads a group, and goes on with its body when go() is called.
  explicit Stranger(const std::function<void()>& body) {
    Pipe told;
    parent_ = fork();
    if (parent_ == 0) {
      const int child = fork();
      if (child == 0) {
        setsid();
        const int own = getpid();
        if (write(told.to.get(), &own, sizeof own) != sizeof own) _exit(98);
        reap_.to.reset();
        go_.await_word();
        body();
        _exit(0);
      }
      go_.to.reset();
      reap_.await_word();
      int status = 0;
      waitpid(child, &status, 0);
      _exit(0);
    }
    if (read(told.from.get(), &pid, sizeof pid) != sizeof pid) pid = 0;
    start_ticks = sentry::start_ticks(pid).value_or(0);
    auto opened = sentry::open_process(pid, start_ticks);
    if (auto* fd = std::get_if<Fd>(&opened)) pidfd = std::move(*fd);
  }
  ~Stranger() {
    syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
    reap();
  }

  void go() { go_.say(); }
  // Its parent may reap it as soon as it has ended.
  void let_reap() { reap_.say(); }
  // The same, and waits until it has.
  void reap() {
    if (parent_ <= 0) return;
    let_reap();
    waitpid(parent_, nullptr, 0);
    parent_ = 0;
  }

  int pid = 0;
  uint64_t start_ticks = 0;
  Fd pidfd;

 private:
  Pipe go_, reap_;
  int parent_ = 0;
};

// Whether this kernel's pidfds know how a process ended (Linux 6.15).
inline bool pidfds_tell() {
  Stranger one([] { _exit(1); });
  one.go();
  one.reap();
  return sentry::testify(one.pid, 0, one.pidfd, std::nullopt).wait_status.has_value();
}

// Does this in a process of its own, as an ordinary user where `user` is given. Its answer is what `body` returns.
inline int elsewhere(const std::function<int()>& body, unsigned user = 0) {
  const int pid = fork();
  if (pid == 0) {
    if (user != 0 && (setgroups(0, nullptr) < 0 || setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0)) _exit(77);
    _exit(body());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace stranger
