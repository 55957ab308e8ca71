#include "descent.h"

#include <time.h>
#include <unistd.h>

#include <optional>

#include "identity.h"

namespace sentry {

namespace {

// How many forks of others are kept: an exec leaves everybody to be watched anew, one after the other.
constexpr size_t kStrangers = 1024, kStrangersAfterExec = 4096;

int64_t clock_ns(clockid_t clock) noexcept {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// How long the machine was suspended. Read again where the CPU was lost between one clock and the other.
int64_t suspended_ns() noexcept {
  constexpr int64_t kAtOnce = 1'000'000;
  for (;;) {
    const int64_t before = clock_ns(CLOCK_MONOTONIC);
    const int64_t boot = clock_ns(CLOCK_BOOTTIME);
    if (clock_ns(CLOCK_MONOTONIC) - before < kAtOnce) return boot - before;
  }
}

// As field 22 of /proc/PID/stat counts.
uint64_t ticks_of(int64_t boot_ns) noexcept {
  static const int64_t tick_ns = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  return static_cast<uint64_t>(boot_ns / tick_ns);
}

}  // namespace

Descent::Descent(ProcEvents events)
    : events_(std::move(events)),
      offspring_([](int pid) { return start_ticks(pid); }, events_.inherited() ? 0 : ticks_now(),
                 events_.inherited() ? kStrangersAfterExec : kStrangers) {}

void Descent::watch(RunId run, int pid, uint64_t start_ticks, bool complete) {
  offspring_.watch(run, pid, start_ticks, complete);
}

void Descent::add(RunId run, int pid, uint64_t start_ticks) { offspring_.add(run, pid, start_ticks); }

void Descent::forget(RunId run) { offspring_.forget(run); }

void Descent::drain() {
  std::vector<Fork> forks;
  const int64_t suspended = suspended_ns();
  const int64_t lost = events_.read([&](const ProcEvent& event) {
    if (event.what == ProcEvent::What::fork) forks.push_back({event.parent_tgid, event.tgid, ticks_of(event.at_ns + suspended)});
  });
  offspring_.take(forks, lost > 0 ? std::optional(ticks_now()) : std::nullopt);
}

std::vector<std::pair<int, uint64_t>> Descent::of(RunId run) { return offspring_.of(run); }

bool Descent::complete(RunId run) const { return offspring_.complete(run); }

ProcEvents Descent::release() noexcept { return std::move(events_); }

}  // namespace sentry
