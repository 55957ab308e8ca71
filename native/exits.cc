#include "exits.h"

#include <algorithm>
#include <utility>

#include "die_at.h"
#include "waiting.h"
#include "witness.h"

namespace sentry {

namespace {

constexpr int kDeafMs = 100;

}  // namespace

void Exits::listen_to(Watched& process) {
  if (process.ended) return;
  if (times_) {
    Threads unknown;
    unknown.countable = false;
    times_->watch(process.pid, process.threads.value_or(unknown));
  }
  hear(process);
}

void Exits::hear(const Watched& process) {
  if (!wait_set_.add(process.pidfd.get(), WaitSet::Kind::run, process.run)) deaf_.insert(process.run);
}

int Exits::wait_ms() const noexcept { return deaf_.empty() ? -1 : kDeafMs; }

void Exits::look_at_deaf() {
  for (const RunId run : std::exchange(deaf_, {})) {
    const auto found = runs_.find(run);
    if (found == runs_.end() || found->second.ended) continue;
    hear(found->second);
    look_at(run, now().mono_us * 1000);
  }
}

void Exits::look_at(RunId run, int64_t woke_ns) {
  const auto found = runs_.find(run);
  if (found == runs_.end() || found->second.ended) return;
  Watched& process = found->second;
  Exit exit;
  const Peek peeked = peek(process.pidfd, exit);
  if (peeked != Peek::ended && !is_over(process.pidfd)) return;
  // The tracer of one that is traced (ptrace(2)) hears of its end first. Until that has waited for it, its pidfd would be
  // reported again and again.
  if (peeked == Peek::lives) {
    wait_set_.remove(process.pidfd.get());
    deaf_.insert(run);
    return;
  }
  if (process.over_ns == 0) process.over_ns = woke_ns;
  const auto end = times_ ? times_->end_of(process.pid, process.over_ns) : std::nullopt;
  if (peeked == Peek::not_our_child && !testified(process, end ? end->wait_status : std::nullopt, exit)) return;

  wait_set_.remove(process.pidfd.get());
  process.ended = true;
  if (times_) times_->forget(process.pid);
  exit.pid = process.pid;
  if (exit.max_rss <= process.inherited_rss) exit.max_rss = -1;
  exit.kernel_time = end.has_value();
  exit.at = at_monotonic(end ? end->at_ns : process.over_ns);
  die_at("peeked");
  seen_.emplace_back(run, exit);
}

// Of one that is not our child. False: nothing is known yet, and the pidfd will hang up when more is.
bool Exits::testified(Watched& process, std::optional<uint32_t> told, Exit& exit) {
  const Testimony testimony = testify(process.pid, process.start_ticks, process.pidfd, told);
  process.user_us = std::max(process.user_us, testimony.user_us);
  process.system_us = std::max(process.system_us, testimony.system_us);
  if (testimony.yet_to_come) {
    wait_set_.change(process.pidfd.get(), WaitSet::Kind::run, process.run, 0);  // EPOLLHUP need not be named
    return false;
  }
  if (testimony.wait_status) exit = decode_exit(*testimony.wait_status);
  exit.user_us = process.user_us;
  exit.system_us = process.system_us;
  return true;
}

void Exits::expect_strangers() noexcept {
  if (times_ && !pidfd_will_tell()) times_->watch_strangers();
}

std::optional<ProcEvents> Exits::release() {
  if (!times_) return std::nullopt;
  std::optional<ProcEvents> events(times_->release());
  times_.reset();
  return events;
}

}  // namespace sentry
