#include "exit_times.h"

#include <sched.h>
#include <time.h>

#include <algorithm>

namespace sentry {

namespace {

constexpr int64_t kSettled = 100'000;        // that long after a wake-up its events have been sent
constexpr int64_t kRightBefore = 1'000'000;  // that close to the wake-up, an exit is the one that caused it

int64_t monotonic_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

void Threads::add(const ProcEvent& event) noexcept {
  if (event.at_ns < born_ns) return;
  if (event.what == ProcEvent::What::fork) ++living;
  if (event.what != ProcEvent::What::exit) return;
  --living;
  leader_over = leader_over || event.pid == event.tgid;
  // Events of several CPUs may come out of order.
  last_exit_ns = std::max(last_exit_ns, event.at_ns);
}

std::optional<int64_t> Threads::over(int64_t woke_ns) const noexcept {
  const bool known = countable ? living == 0 : leader_over && last_exit_ns >= woke_ns - kRightBefore;
  return known ? std::optional{last_exit_ns} : std::nullopt;
}

void ExitTimes::watch(int pid, int64_t born_ns) {
  Threads threads{born_ns, born_ns > loss_ns_};
  for (const ProcEvent& event : strangers_) {
    if (event.tgid == pid) threads.add(event);
  }
  watched_.insert_or_assign(pid, threads);
}

std::optional<int64_t> ExitTimes::take(int pid, int64_t woke_ns) {
  const auto found = watched_.find(pid);
  if (found == watched_.end()) return std::nullopt;
  if (drained_ns_ <= woke_ns) drain();
  while (!found->second.over(woke_ns) && drained_ns_ < woke_ns + kSettled) {
    sched_yield();  // the ending thread may be waiting for this very CPU
    drain();
  }
  const auto at_ns = found->second.over(woke_ns);
  watched_.erase(found);
  return at_ns;
}

void ExitTimes::drain() {
  drained_ns_ = monotonic_ns();
  const int64_t lost = events_.read([this](const ProcEvent& event) {
    const auto found = watched_.find(event.tgid);
    if (found != watched_.end()) {
      found->second.add(event);
    } else {
      strangers_[next_stranger_++ % strangers_.size()] = event;
    }
  });
  if (lost == 0) return;
  lost_ += lost;
  loss_ns_ = monotonic_ns();
  strangers_ = {};
  for (auto& [pid, threads] : watched_) threads = {threads.born_ns, false};
}

}  // namespace sentry
