// The kernel's process events: a netlink connector on which it tells of each fork, exec and exit on the host, with
// its own time stamp (kernel: drivers/connector/cn_proc.c). For Sentry they are a clock and a witness, never the
// only source: the waiting thread learns of an exit from a pidfd, with or without them.
//
// The socket stays out of every epoll and is read when a pidfd has said that something ended, so a busy host wakes
// nobody. What waits unread in its buffer is kept small by a filter that the kernel runs: other processes' children
// never get there.
//
// Loss. A full buffer drops the newest events, and the socket counts them (SO_MEMINFO, 4.12). That count is exact.
// The connector's sequence numbers, one row per CPU, are no help: they also number what the filter took away.
#pragma once
#include <cstdint>
#include <functional>
#include <utility>
#include <variant>

#include "fault.h"
#include "fd.h"
#include "proc_event.h"

namespace sentry {

class ProcEvents {
 public:
  enum class Scope {
    exits,       // all that tells of the exits of this process's children: those of the leaders, new threads, and the
                 // exits of threads that are no leaders, on the whole host, for their parent is not told
    all_exits,   // the same, and the exits of all other leaders: for processes that have another parent
    forks,       // the starts of all processes on the host, and not those of threads
    everything,  // each fork, exec and exit on the host
  };

  // Subscribes. A Fault's subject says in words why it cannot be.
  static std::variant<ProcEvents, Fault> open(Scope scope, int buffer_bytes = 4 << 20);

  // Takes up the subscription that an earlier image of this process opened, with what was counted then. What has come
  // since waits in it.
  static ProcEvents inherit(Fd socket, uint32_t drops) noexcept { return {std::move(socket), drops, true}; }
  bool inherited() const noexcept { return inherited_; }
  int descriptor() const noexcept { return socket_.get(); }
  uint32_t drops() const noexcept { return drops_; }
  // To be inherited: it goes on being sent events.
  Fd release() noexcept { return std::move(socket_); }

  ProcEvents(ProcEvents&&) noexcept = default;
  ProcEvents& operator=(ProcEvents&&) = delete;
  ~ProcEvents();

  // From now on another scope; what waits to be read was let in by the former one. Whether the kernel took it.
  bool change_scope(Scope scope) noexcept;

  // Hands over all that is there now, without blocking. Returns how many events were dropped since the last call.
  int64_t read(const std::function<void(const ProcEvent&)>& each);

 private:
  ProcEvents(Fd socket, uint32_t drops, bool inherited) noexcept
      : socket_(std::move(socket)), drops_(drops), inherited_(inherited) {}

  Fd socket_;
  uint32_t drops_;  // the socket's count, which wraps around, when it was last looked at
  bool inherited_;
};

}  // namespace sentry
