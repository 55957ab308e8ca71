#include "exit_times.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <utility>

namespace sentry {

namespace {

constexpr int64_t kSettled = 100'000;        // that long after a wake-up its events have been sent
constexpr int64_t kOutOfOrder = 1'000'000;   // by no more than that are events of several CPUs
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
  if (event.exit_code != 0) {
    disputed = disputed || (failed_status != 0 && failed_status != event.exit_code);
    failed_status = event.exit_code;
  }
  if (event.at_ns < last_exit_ns) return;  // events of several CPUs may come out of order
  last_exit_ns = event.at_ns;
  last_status = event.exit_code;
}

std::optional<Threads::End> Threads::over(int64_t woke_ns) const noexcept {
  const bool known = countable ? living == 0 : leader_over && last_exit_ns >= woke_ns - kRightBefore;
  if (!known) return std::nullopt;
  const bool agreed = !disputed && (failed_status == 0 || failed_status == last_status);
  return End{last_exit_ns, agreed ? last_status : std::nullopt};
}

ExitTimes::ExitTimes(ProcEvents events)
    : events_(std::move(events)),
      loss_ns_(events_.inherited() ? 0 : monotonic_ns()),
      strangers_(events_.inherited() ? 4096 : 64) {}

void ExitTimes::watch(int pid, Threads threads) {
  threads.countable = threads.countable && threads.born_ns > loss_ns_;
  for (size_t back = 1; back <= strangers_.size(); ++back) {
    const ProcEvent& event = strangers_[(next_stranger_ + strangers_.size() - back) % strangers_.size()];
    if (event.at_ns < threads.born_ns - kOutOfOrder) break;
    if (event.tgid == pid) threads.add(event);
  }
  watched_.insert_or_assign(pid, threads);
}

std::optional<Threads::End> ExitTimes::end_of(int pid, int64_t woke_ns) {
  const auto found = watched_.find(pid);
  if (found == watched_.end()) return std::nullopt;
  if (drained_ns_ <= woke_ns) drain();
  while (!found->second.over(woke_ns) && drained_ns_ < woke_ns + kSettled) {
    sched_yield();  // the ending thread may be waiting for this very CPU
    drain();
  }
  return found->second.over(woke_ns);
}

void ExitTimes::watch_strangers() noexcept {
  if (!std::exchange(strangers_watched_, true)) events_.change_scope(ProcEvents::Scope::all_exits);
}

std::optional<Threads> ExitTimes::threads_of(int pid) const {
  const auto found = watched_.find(pid);
  return found == watched_.end() ? std::nullopt : std::optional(found->second);
}

void ExitTimes::drain() {
  drained_ns_ = monotonic_ns();
  const int64_t lost = events_.read([this](const ProcEvent& event) {
    const auto found = watched_.find(event.tgid);
    if (found != watched_.end()) {
      found->second.add(event);
    } else {
      ProcEvent& oldest = strangers_[next_stranger_];
      loss_ns_ = std::max(loss_ns_, oldest.at_ns);
      oldest = event;
      next_stranger_ = (next_stranger_ + 1) % strangers_.size();
    }
  });
  if (lost == 0) return;
  lost_ += lost;
  loss_ns_ = monotonic_ns();
  std::fill(strangers_.begin(), strangers_.end(), ProcEvent{});
  for (auto& [pid, threads] : watched_) threads = {threads.born_ns, false};
}

}  // namespace sentry
