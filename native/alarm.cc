#include "alarm.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

namespace sentry {

Alarm::Alarm() noexcept : timer_(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {}

bool Alarm::set(std::optional<int64_t> wall_us) noexcept {
  itimerspec when{};
  if (!wall_us) {
    timerfd_settime(timer_.get(), 0, &when, nullptr);
    return false;
  }
  const int64_t at_us = std::max<int64_t>(*wall_us, 1);  // all zeros would mean none; what is past comes at once
  when.it_value.tv_sec = static_cast<time_t>(at_us / 1'000'000);
  when.it_value.tv_nsec = static_cast<long>(at_us % 1'000'000 * 1000);
  const bool waits = timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr) == 0;
  if (!waits) set(std::nullopt);
  return !waits;
}

// EAGAIN: another has been set since it was readable. ECANCELED: the clock was set.
bool Alarm::has_come() noexcept {
  uint64_t times;
  if (read(timer_.get(), &times, sizeof times) < 0 && errno != ECANCELED) return false;
  set(std::nullopt);
  return true;
}

}  // namespace sentry
