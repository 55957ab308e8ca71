// Who has descended from whom, by the forks of processes as they were told, in their order. Pure: forks in, processes out.
//
// The kernel sends a fork before the child can run, so a parent's own fork always comes before those of its children. So
// it does not matter how late they are read: a grandchild is known although the child between has long ended.
//
// Each fork of a number means that whoever had it before is gone. So, as long as nothing is lost, a number is whose its
// last fork says, and a fork by it is a fork by that one. After a loss this is so only of those who are still there, which
// is looked up; and what was forked by the others in the meantime is given up.
//
// A number together with the tick in which it was forked is one process: numbers are given out in a circle, which takes
// longer than a tick. The stamp of a fork is a moment later than the start time that /proc shows, so what is there under
// that number is that process, unless it was started later than the stamp says.
//
// Most of what a busy run forks has long ended. So whenever there are twice as many as before, those that are gone are
// marked, and dropped when the next forks have been read: theirs are among these.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "fact.h"

namespace sentry {

// Of a process, not of a thread.
struct Fork {
  int parent = 0;
  int child = 0;
  uint64_t ticks = 0;  // the moment, in clock ticks since the boot, rounded down
};

class Offspring {
 public:
  // The start time of whatever has that number now; nothing where nobody has it.
  using StartOf = std::function<std::optional<uint64_t>(int pid)>;

  // Forks before or in the tick `since` may be missing. The last `strangers` forks by others are kept, for a run is
  // watched only after its process has been started, and that may have forked by then.
  Offspring(StartOf start_of, uint64_t since, size_t strangers);

  // As in descent.h.
  void watch(RunId run, int pid, uint64_t start_ticks, bool complete);
  void add(RunId run, int pid, uint64_t start_ticks);
  void forget(RunId run);
  std::vector<std::pair<int, uint64_t>> of(RunId run) const;
  bool complete(RunId run) const;

  // All that came since the last time. `lost_by`: some are missing, up to that tick.
  void take(const std::vector<Fork>& forks, std::optional<uint64_t> lost_by);

  // How many are kept, those that are gone included.
  size_t size() const noexcept { return members_.size(); }

 private:
  struct Run {
    int own = 0;
    bool complete = true;
    std::unordered_set<int> members;
  };
  struct Member {
    RunId run;
    uint64_t start_ticks;  // or the tick of its fork, which is not before
  };

  // Whether its parent is one of ours.
  bool take_one(const Fork& fork, bool nothing_lost);
  bool is_given_away(const Fork& fork, const Member& former) const;
  void remember_stranger(const Fork& fork);
  void take_of_strangers();
  // Nothing where that process is gone, whoever has its number now.
  std::optional<uint64_t> start_there(int pid, const Member& member) const;
  void enter(int pid, Member member);
  void drop(int pid);
  void mark_gone();
  void drop_gone();

  const StartOf start_of_;
  std::unordered_map<RunId, Run> runs_;
  std::unordered_map<int, Member> members_;
  std::vector<std::pair<int, uint64_t>> gone_;  // to be dropped
  size_t crowd_;                                // with more than that, it is looked who is gone
  uint64_t since_;
  std::vector<Fork> strangers_;  // a ring
  size_t next_stranger_ = 0;
};

}  // namespace sentry
