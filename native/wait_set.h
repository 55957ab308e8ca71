// What the waiting thread sleeps over: an epoll set whose entries say what they are.
#pragma once
#include <sys/epoll.h>

#include <algorithm>
#include <cstdint>

#include "fd.h"

namespace sentry {

// Of two times to wait, where -1 is for ever.
inline int sooner(int one, int other) noexcept { return one < 0 || other < 0 ? std::max(one, other) : std::min(one, other); }

class WaitSet {
 public:
  // Of what an entry tells, and which one it is: a run by its number, a stranger and a member by their pids.
  enum class Kind : uint64_t { wake, signals, keeper, alarm, run, notify, ready, stranger, member };
  struct Key { Kind kind; int64_t number; };

  WaitSet() noexcept : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  explicit operator bool() const noexcept { return static_cast<bool>(epoll_); }

  // False where there is no room: all processes of a user together may have no more than
  // /proc/sys/fs/epoll/max_user_watches.
  bool add(int fd, Kind kind, int64_t number = 0, uint32_t events = EPOLLIN) const noexcept {
    return control(EPOLL_CTL_ADD, fd, kind, number, events);
  }
  void change(int fd, Kind kind, int64_t number, uint32_t events) const noexcept {
    control(EPOLL_CTL_MOD, fd, kind, number, events);
  }
  // Before the descriptor is closed: a child between clone and exec may hold a copy, and epoll would go on reporting it, for
  // a number that means another by then.
  void remove(int fd) const noexcept { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

  int wait(epoll_event* events, int most, int timeout_ms) const noexcept {
    return epoll_wait(epoll_.get(), events, most, timeout_ms);
  }
  static Key key_of(const epoll_event& event) noexcept {
    return {static_cast<Kind>(event.data.u64 >> kShift), static_cast<int64_t>(event.data.u64 & kNumber)};
  }

 private:
  static constexpr int kShift = 60;
  static constexpr uint64_t kNumber = (uint64_t{1} << kShift) - 1;

  bool control(int what, int fd, Kind kind, int64_t number, uint32_t events) const noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = static_cast<uint64_t>(kind) << kShift | static_cast<uint64_t>(number);
    return epoll_ctl(epoll_.get(), what, fd, &event) == 0;
  }

  Fd epoll_;
};

}  // namespace sentry
