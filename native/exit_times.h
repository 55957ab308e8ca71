// When did it end? Keeps the kernel's stamps of exits, from its process events, for the processes that are asked
// about. Belongs to the waiting thread, which asks once a pidfd has said that a process is over.
//
// Four things make this more than a table.
//
// An EXIT is a thread's, not the process's. A leader may end in pthread_exit(3) while its threads live on; an exec
// by another thread ends the old leader; worker threads come and go. So the threads are counted: a process starts
// with one, each FORK of a thread adds one, and it has ended with the EXIT of the last.
//
// The kernel wakes the pidfd *before* it sends the event (kernel/exit.c: exit_notify, then proc_exit_connector).
// On 6.18, of 1,500 waits on two cores 7 were back first, by up to 16 us. So where an EXIT is missing it is waited
// for, until the wake-up is 100 us old: once per wake-up, however many have ended.
//
// A child can be over before the thread that cloned it has told the waiting thread. So the last events that were
// about nobody are kept for a while.
//
// After a loss the threads of those who live cannot be counted any more. Then only a leader's EXIT right before the
// wake-up is believed.
//
// No stamp is better than a false one: where there is none, the waiting thread's own clock counts.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "proc_events.h"

namespace sentry {

// The threads of one process. Times are nanoseconds of CLOCK_MONOTONIC.
struct Threads {
  int64_t born_ns = 0;     // what was before is of an earlier process with that number
  bool countable = true;   // nothing was lost since
  int living = 1;
  bool leader_over = false;
  int64_t last_exit_ns = 0;

  void add(const ProcEvent& event) noexcept;

  // The moment at which the last one ended, as it is seen in a wake-up at `woke_ns`.
  std::optional<int64_t> over(int64_t woke_ns) const noexcept;
};

class ExitTimes {
 public:
  // Of an open subscription to Scope::exits.
  explicit ExitTimes(ProcEvents events) noexcept : events_(std::move(events)) {}

  // From now on `pid` is of interest. `born_ns` is any moment before its clone; it may have ended already.
  void watch(int pid, int64_t born_ns);

  // It ended, and its pidfd said so in a wake-up at `woke_ns`. The moment of its exit, where it is known.
  std::optional<int64_t> take(int pid, int64_t woke_ns);

  // Events dropped since this was last asked.
  int64_t lost() noexcept { return std::exchange(lost_, 0); }

 private:
  void drain();

  ProcEvents events_;
  int64_t drained_ns_ = 0;  // all that was sent before has been read
  int64_t loss_ns_ = 0;     // when the last loss was noticed
  int64_t lost_ = 0;
  std::unordered_map<int, Threads> watched_;
  std::array<ProcEvent, 64> strangers_{};
  size_t next_stranger_ = 0;
};

}  // namespace sentry
