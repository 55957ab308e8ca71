#include "reaper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "die_at.h"
#include "identity.h"
#include "waiting.h"
#include "witness.h"

namespace sentry {

namespace {

// Keys of the epoll set. Runs are numbered from 1.
constexpr uint64_t kWake = 0;
constexpr uint64_t kSignals = ~uint64_t{0};
constexpr uint64_t kKeeper = kSignals - 1;

constexpr int kDeafMs = 100;  // how often those are looked at for which epoll has no room

bool add(const Fd& epoll, int fd, uint64_t key, uint32_t events = EPOLLIN) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

int64_t monotonic_ns() noexcept { return now().mono_us * 1000; }

}  // namespace

Reaper::Reaper(Post post, std::optional<Signals> signals, std::optional<ExitTimes> exit_times, KeeperLink keeper)
    : post_(std::move(post)),
      signals_(std::move(signals)),
      exit_times_(std::move(exit_times)),
      keeper_(std::move(keeper)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_ || !wake_ || !add(epoll_, wake_.get(), kWake)) {
    fault_ = Fault{"epoll", errno, "waiting thread"};
    return;
  }
  if (signals_) add(epoll_, signals_->fd(), kSignals);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Reaper::~Reaper() { end_thread(); }

void Reaper::end_thread() {
  if (!thread_.joinable()) return;
  ask([this] { ended_ = true; });
  thread_.join();
}

Reaper::Left Reaper::detach() {
  end_thread();
  Left left;
  for (auto& [run, process] : watched_) {
    process.threads = exit_times_ ? exit_times_->threads_of(process.pid) : std::nullopt;
    left.processes.push_back(std::move(process));
  }
  watched_.clear();
  if (exit_times_) left.events.emplace(exit_times_->release());
  if (signals_) left.signals.emplace(std::move(*signals_));
  exit_times_.reset();
  signals_.reset();
  keeper_connection_.reset();
  return left;
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
  Threads threads;
  threads.born_ns = child.at.mono_us * 1000;
  Adopted process{child.run, child.pid, child.start_ticks, std::move(pidfd), false, child.inherited_rss,
                  threads, child.kept};
  // A std::function must be copyable, and a descriptor is not.
  ask([this, process = std::make_shared<Adopted>(std::move(process))] { take_up(std::move(*process)); });
}

void Reaper::adopt(Adopted process) {
  if (process.start_ticks == 0) process.start_ticks = start_ticks(process.pid, process.pidfd).value_or(0);
  ask([this, process = std::make_shared<Adopted>(std::move(process))] {
    Exit exit;
    const bool stranger = exit_times_ && peek(process->pidfd, exit) == Peek::not_our_child;
    if (stranger && !pidfd_will_tell()) exit_times_->watch_strangers();
    take_up(std::move(*process));
  });
}

void Reaper::signal(RunId run, int signal, bool group) {
  ask([this, run, signal, group] {
    const auto found = watched_.find(run);
    if (found == watched_.end()) return;
    const Watched& process = found->second;
    if (group) signal_group(process.pid, process.pidfd, signal);
    else syscall(SYS_pidfd_send_signal, process.pidfd.get(), signal, nullptr, 0);
  });
}

void Reaper::reap(RunId run) {
  ask([this, run] {
    const auto found = watched_.find(run);
    if (found == watched_.end() || !found->second.ended) return;
    const Watched& process = found->second;
    die_at("reap");
    signal_group(process.pid, process.pidfd, SIGKILL);
    take_zombie(process.pidfd);
    die_at("reaped");
    keeper_.release(process_label(process.kept, process.pid));
    die_at("released");
    watched_.erase(found);
  });
}

void Reaper::watch_keeper(Fd duplicate) {
  ask([this, duplicate = std::make_shared<Fd>(std::move(duplicate))] {
    forget_keeper();
    keeper_connection_ = std::move(*duplicate);
    add(epoll_, keeper_connection_.get(), kKeeper, EPOLLRDHUP);  // and EPOLLHUP, which always is
  });
}

void Reaper::hold_all() {
  ask([this] {
    for (const auto& [run, process] : watched_)
      keeper_.hold(process_label(process.kept, process.pid), process.pidfd.get());
  });
}

void Reaper::run() {
  epoll_event events[256];
  while (!ended_) {
    const int count = epoll_wait(epoll_.get(), events, 256, deaf_.empty() ? -1 : kDeafMs);
    const int64_t woke_ns = monotonic_ns();
    do_asked();
    for (int n = 0; n < count; ++n) {
      const uint64_t key = events[n].data.u64;
      if (key == kWake) continue;
      if (key == kSignals) take_signals();
      else if (key == kKeeper) look_at_keeper();
      else look_at(static_cast<RunId>(key), woke_ns);
    }
    look_at_deaf();
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

void Reaper::take_up(Adopted adopted) {
  if (exit_times_ && !adopted.ended) {
    Threads unknown;
    unknown.countable = false;
    exit_times_->watch(adopted.pid, adopted.threads.value_or(unknown));
  }
  const RunId run = adopted.run;
  const auto [place, added] = watched_.emplace(run, Watched{std::move(adopted)});
  if (added && !place->second.ended) listen_to(place->second);
}

// There is an end to what all processes of a user may have in epoll together (/proc/sys/fs/epoll/max_user_watches). No
// exit is missed for that: whoever finds no room is looked at from time to time.
void Reaper::listen_to(const Watched& process) {
  if (!add(epoll_, process.pidfd.get(), static_cast<uint64_t>(process.run))) deaf_.push_back(process.run);
}

void Reaper::look_at_deaf() {
  for (const RunId run : std::exchange(deaf_, {})) {
    look_at(run, monotonic_ns());
    const auto found = watched_.find(run);
    if (found != watched_.end() && !found->second.ended) listen_to(found->second);
  }
}

void Reaper::look_at(RunId run, int64_t woke_ns) {
  const auto found = watched_.find(run);
  if (found == watched_.end() || found->second.ended) return;
  Watched& process = found->second;
  Exit exit;
  const Peek seen = peek(process.pidfd, exit);
  if (seen == Peek::lives || (seen == Peek::not_our_child && !is_over(process.pidfd))) return;
  if (process.over_ns == 0) process.over_ns = woke_ns;
  const auto end = exit_times_ ? exit_times_->end_of(process.pid, process.over_ns) : std::nullopt;
  if (seen == Peek::not_our_child && !testified(process, end ? end->wait_status : std::nullopt, exit)) return;

  // Before the descriptor is closed, and while nobody waits for it: a child between clone and exec may hold a copy,
  // and epoll would go on reporting the exit, for a number that means another child by then.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, process.pidfd.get(), nullptr);
  process.ended = true;
  if (exit_times_) exit_times_->forget(process.pid);
  exit.pid = process.pid;
  if (exit.max_rss <= process.inherited_rss) exit.max_rss = -1;
  exit.kernel_time = end.has_value();
  exit.at = at_monotonic(end ? end->at_ns : process.over_ns);
  die_at("peeked");
  post_(ExitFact{run, exit});
}

// Of one that is not our child. False: nothing is known yet, and the pidfd will hang up when more is.
bool Reaper::testified(Watched& process, std::optional<uint32_t> told, Exit& exit) {
  const Testimony testimony = testify(process.pid, process.start_ticks, process.pidfd, told);
  process.user_us = std::max(process.user_us, testimony.user_us);
  process.system_us = std::max(process.system_us, testimony.system_us);
  if (testimony.yet_to_come) {
    epoll_event hang_up{};  // EPOLLHUP, which need not be named
    hang_up.data.u64 = static_cast<uint64_t>(process.run);
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, process.pidfd.get(), &hang_up);
    return false;
  }
  if (testimony.wait_status) exit = decode_exit(*testimony.wait_status);
  exit.user_us = process.user_us;
  exit.system_us = process.system_us;
  return true;
}

void Reaper::take_signals() {
  SignalFact fact;
  while (signals_->next(fact)) {
    fact.terminal_gone = fact.signal == SIGHUP && signals_->terminal_gone();
    post_(fact);
  }
}

// It may be another's than the one that was reported. A shutdown(2) of our own is an end as well.
void Reaper::look_at_keeper() {
  pollfd connection{keeper_connection_.get(), POLLRDHUP, 0};
  if (poll(&connection, 1, 0) <= 0) return;
  forget_keeper();
  post_(KeeperGoneFact{});
}

// The connection stays open elsewhere, and so it would go on being reported.
void Reaper::forget_keeper() {
  if (keeper_connection_) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, keeper_connection_.get(), nullptr);
  keeper_connection_.reset();
}

}  // namespace sentry
