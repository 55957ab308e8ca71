// When did it end? Keeps the kernel's stamps of exits, from its process events, for the processes that are asked
// about; and, for those that are not our children, their wait statuses (witness.h). Belongs to the waiting thread, which
// asks once a pidfd has said that a process is over.
//
// Five things make this more than a table.
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
// about nobody are kept for a while; and after an exec a good many, since everybody has yet to be taken up.
//
// After a loss the threads of those who live cannot be counted any more. Then only a leader's EXIT right before the
// wake-up is believed.
//
// An EXIT has the status of its thread. That of the last one is the process's, but for one case: it may have ended by
// itself, with 0, in the very moment in which another thread ended them all, with something else. So where any other
// status was seen, nothing is said.
//
// No stamp is better than a false one: where there is none, the waiting thread's own clock counts.
//
// By exec the subscription goes over with what waits in it, and the counts of threads as they are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proc_events.h"

namespace sentry {

// The threads of one process. Times are nanoseconds of CLOCK_MONOTONIC.
struct Threads {
  int64_t born_ns = 0;     // what was before is of an earlier process with that number
  bool countable = true;   // nothing was lost since, as far as is known
  int living = 1;
  bool leader_over = false;
  int64_t last_exit_ns = 0;
  // Wait statuses, which are not inherited by the next image: of the thread that ended then, and one that is not 0.
  std::optional<uint32_t> last_status{};
  uint32_t failed_status = 0;
  bool disputed = false;  // there were two that are not 0

  void add(const ProcEvent& event) noexcept;

  // The end of the last one, as it is seen in a wake-up at `woke_ns`.
  struct End {
    int64_t at_ns;
    std::optional<uint32_t> wait_status;
  };
  std::optional<End> over(int64_t woke_ns) const noexcept;
};

class ExitTimes {
 public:
  // Of an open subscription to Scope::exits.
  explicit ExitTimes(ProcEvents events);

  // From now on `pid` is of interest; it may have ended already. `threads` is what is known of it: of a new child only
  // when it was born (any moment before its clone), or what an earlier image has counted.
  void watch(int pid, Threads threads);

  // It ended, and its pidfd said so in a wake-up at `woke_ns`. How and when, where it is known.
  std::optional<Threads::End> end_of(int pid, int64_t woke_ns);

  // Of interest no longer.
  void forget(int pid) noexcept { watched_.erase(pid); }

  // Somebody who is watched has another parent than this process. Every exit on the host comes through from then on,
  // and is read, as before, when a pidfd has woken the thread.
  void watch_strangers() noexcept;

  // As it has been counted; nothing of those who are not watched.
  std::optional<Threads> threads_of(int pid) const;

  // Gives the subscription away. Nothing else may be called afterwards.
  ProcEvents release() noexcept { return std::move(events_); }

  // Events dropped since this was last asked.
  int64_t lost() noexcept { return std::exchange(lost_, 0); }

 private:
  void drain();

  ProcEvents events_;
  int64_t drained_ns_ = 0;  // all that was sent before has been read
  int64_t loss_ns_;         // what was sent before may be missing here
  int64_t lost_ = 0;
  bool strangers_watched_ = false;
  std::unordered_map<int, Threads> watched_;
  std::vector<ProcEvent> strangers_;  // a ring
  size_t next_stranger_ = 0;
};

}  // namespace sentry
