// A moment of the wall clock, to be waited for: timerfd_create(2). Where the clock is set, or the machine wakes up, before
// it has come, whoever waits is told as well (TFD_TIMER_CANCEL_ON_SET): only he knows what that means for him. While none is
// set, nothing wakes anybody. Belongs to the waiting thread.
#pragma once
#include <cstdint>
#include <optional>

#include "fd.h"

namespace sentry {

class Alarm {
 public:
  Alarm() noexcept;
  explicit operator bool() const noexcept { return static_cast<bool>(timer_); }
  int fd() const noexcept { return timer_.get(); }

  // In microseconds since the epoch; nothing: none. It takes the place of the last one. True: it need not be waited for, as
  // the clock was set since that one was, and it is off again.
  bool set(std::optional<int64_t> wall_us) noexcept;
  // The descriptor was readable. True, once: it has come. Then it is off.
  bool has_come() noexcept;

 private:
  Fd timer_;
};

}  // namespace sentry
