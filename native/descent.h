// What a run has started, by the kernel's process events: each fork says parent and child, so a process is known however
// it detaches itself afterwards, with another session, without an environment, through parents that have long ended. Only
// where runs have no cgroups.
//
// It has a subscription of its own, to the forks of processes on the whole host: the kernel cannot be told whose to send.
// Like the other (exit_times.h) it is kept out of every epoll, and read when something of ours has ended, or is to be
// ended. A busy host fills its buffer in the meantime; then nobody is told of a loss, for nothing is lost but a witness:
// what is known stays known, and the runs that lived then are not `complete` any more.
//
// A number that was forked is a process only together with its start time, which the event's stamp gives to within a tick:
// whoever has ended is found out when it is asked for. The stamp is of CLOCK_MONOTONIC, and /proc counts on CLOCK_BOOTTIME,
// which goes on while the machine is suspended. What was forked before a suspension and read after it seems to be younger
// than it is, but never younger than what was forked after it. How all this is put together: offspring.h.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "fact.h"
#include "offspring.h"
#include "proc_events.h"

namespace sentry {

class Descent {
 public:
  // Of an open subscription to Scope::forks.
  explicit Descent(ProcEvents events);

  // From now on what this process starts is of interest. `complete`: since the start of it all its forks are in the
  // subscription, or were read by an image before.
  void watch(RunId run, int pid, uint64_t start_ticks, bool complete);
  // More that is of the run already: what an earlier image has seen, or a pass over /proc.
  void add(RunId run, int pid, uint64_t start_ticks);
  void forget(RunId run);

  // Reads what there is. To be called before the others are asked.
  void drain();

  // Those that are still there, zombies included, by pid and start time; without the run's own process.
  std::vector<std::pair<int, uint64_t>> of(RunId run);
  // Nothing that it has started can be missing above.
  bool complete(RunId run) const;

  // Gives the subscription away. Nothing else may be called afterwards.
  ProcEvents release() noexcept;

 private:
  ProcEvents events_;
  Offspring offspring_;
};

}  // namespace sentry
