#include "reaper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3  // Linux 5.4
#endif

namespace sentry {

namespace {

// Keys of the epoll set. Runs are numbered from 1.
constexpr uint64_t kWake = 0;
constexpr uint64_t kSignals = ~uint64_t{0};

// The system call has a fifth argument that glibc's wrapper hides: the rusage of exactly this child. waitid(2)
int wait_for(int pidfd, siginfo_t& status, rusage* usage, int options) noexcept {
  long result;
  do {
    result = syscall(SYS_waitid, P_PIDFD, pidfd, &status, options, usage);
  } while (result < 0 && errno == EINTR);
  return static_cast<int>(result);
}

void listen_to(int epoll, int fd, uint64_t key) noexcept {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

Reaper::Reaper(Post post, std::optional<Signals> signals, std::optional<ExitTimes> exit_times)
    : post_(std::move(post)),
      signals_(std::move(signals)),
      exit_times_(std::move(exit_times)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_ || !wake_) {
    fault_ = Fault{"epoll", errno, "waiting thread"};
    return;
  }
  listen_to(epoll_.get(), wake_.get(), kWake);
  if (signals_) listen_to(epoll_.get(), signals_->fd(), kSignals);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Reaper::~Reaper() {
  if (!thread_.joinable()) return;
  ask([this] { ended_ = true; });
  thread_.join();
}

void Reaper::ask(Operation operation) {
  {
    std::lock_guard lock(mutex_);
    asked_.push_back(std::move(operation));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_.get(), &one, sizeof one);
}

void Reaper::watch(const Child& child, Fd pidfd) {
  // A std::function must be copyable, and a descriptor is not: it is owned again on the other side.
  ask([this, run = child.run, pid = child.pid, at_us = child.at.mono_us, rss = child.inherited_rss,
       fd = pidfd.release()] {
    if (exit_times_) exit_times_->watch(pid, at_us * 1000);
    watched_.emplace(run, Watched{pid, Fd(fd), rss});
    listen_to(epoll_.get(), fd, static_cast<uint64_t>(run));
  });
}

void Reaper::signal(RunId run, int signal, bool group) {
  ask([this, run, signal, group] {
    const auto found = watched_.find(run);
    if (found == watched_.end()) return;
    if (group) signal_group(found->second, signal);
    else syscall(SYS_pidfd_send_signal, found->second.pidfd.get(), signal, nullptr, 0);
  });
}

void Reaper::reap(RunId run) {
  ask([this, run] {
    const auto found = watched_.find(run);
    if (found == watched_.end() || !found->second.ended) return;
    signal_group(found->second, SIGKILL);
    siginfo_t status{};
    wait_for(found->second.pidfd.get(), status, nullptr, WEXITED | WNOHANG);
    watched_.erase(found);
  });
}

// Each process leads a session, and so a group of its own number, which is its own for as long as it is not reaped.
// Only this thread reaps; but should anything else in this process have done so, waitid says ECHILD, and the number
// may be a stranger's.
void Reaper::signal_group(const Watched& child, int signal) noexcept {
  siginfo_t status{};
  if (wait_for(child.pidfd.get(), status, nullptr, WEXITED | WNOWAIT | WNOHANG) == 0) kill(-child.pid, signal);
}

void Reaper::run() {
  epoll_event events[256];
  while (!ended_) {
    const int count = epoll_wait(epoll_.get(), events, 256, -1);
    const int64_t woke_ns = now().mono_us * 1000;
    do_asked();
    for (int n = 0; n < count; ++n) {
      const uint64_t key = events[n].data.u64;
      if (key == kWake) continue;
      if (key == kSignals) {
        take_signals();
        continue;
      }
      peek(static_cast<RunId>(key), woke_ns);
    }
    if (const int64_t lost = exit_times_ ? exit_times_->lost() : 0; lost > 0) post_(LostFact{"processEvents", lost});
  }
}

void Reaper::do_asked() {
  uint64_t wakings;
  [[maybe_unused]] const auto drained = read(wake_.get(), &wakings, sizeof wakings);
  std::vector<Operation> asked;
  {
    std::lock_guard lock(mutex_);
    asked.swap(asked_);
  }
  for (const Operation& operation : asked) operation();
}

void Reaper::peek(RunId run, int64_t woke_ns) {
  const auto found = watched_.find(run);
  if (found == watched_.end() || found->second.ended) return;
  Watched& child = found->second;
  siginfo_t status{};
  rusage usage{};
  const int result = wait_for(child.pidfd.get(), status, &usage, WEXITED | WNOWAIT | WNOHANG);
  if (result == 0 && status.si_pid == 0) return;  // not ended after all

  // Before the descriptor is closed, and while nobody waits for it: a child between clone and exec may hold a copy,
  // and epoll would go on reporting the exit, for a number that means another child by then.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, child.pidfd.get(), nullptr);
  child.ended = true;

  Exit exit;
  if (result == 0) exit = decode_exit(status, usage);  // else ECHILD: reaped by a stranger in our process, unknown
  exit.pid = child.pid;
  if (exit.max_rss <= child.inherited_rss) exit.max_rss = -1;
  const auto stamp = exit_times_ ? exit_times_->take(child.pid, woke_ns) : std::nullopt;
  exit.kernel_time = stamp.has_value();
  exit.at = stamp ? at_monotonic(*stamp) : now();
  post_(ExitFact{run, exit});
}

void Reaper::take_signals() {
  SignalFact fact;
  while (signals_->next(fact)) {
    fact.terminal_gone = fact.signal == SIGHUP && signals_->terminal_gone();
    post_(fact);
  }
}

}  // namespace sentry
