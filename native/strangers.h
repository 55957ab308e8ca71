// Children that we have not started: as a subreaper (PR_SET_CHILD_SUBREAPER(2const)), or as PID 1, we get whatever has
// lost its parent.
//
// The kernel gives them to our first thread (find_new_reaper() in kernel/exit.c takes the first that lives), so they are in
// /proc/self/task/PID/children, which costs a read. Three others are there as well: runs, once the thread that started
// them has ended, or after an exec; the keeper; and Node's own children. The first two are known. Of Node's nobody knows
// here, so while it has any (`spare`) nobody new is taken for a stranger: libuv waits for each of its own, and we would
// take its exit. waitid(P_ALL) would do just that, and it is not even good for a peek: it shows the same zombie again and
// again.
//
// A stranger is held by a pidfd, among what the waiting thread waits for; and SIGCHLD tells of those that have come and
// ended with nobody looking. Each is reaped as soon as it has ended.
//
// Where the kernel has no such file (CONFIG_PROC_CHILDREN), the list of all processes tells the same, but for those that are
// just being born: so nobody is looked at while a start is under way.
#pragma once
#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "child_signal.h"
#include "fact.h"
#include "fd.h"
#include "proc.h"
#include "wait_set.h"

namespace sentry {

class Strangers {
 public:
  // One in a process: a second one sees nobody. Nobody is taken for a stranger before spare(false): after an exec,
  // those that are to be adopted are children like any other.
  Strangers(const WaitSet& wait_set, int eventfd);
  ~Strangers();

  // Any thread. `why`: Node's children, and the birth of a keeper, do not know of each other. Whoever is taken for a stranger
  // has been, when this returns.
  enum class Why : unsigned { node = 1, keeper = 2 };
  void spare(Why why, bool on);
  // The keeper, which is none.
  void leave_alone(int pid);
  // Starts that are under way: one begins, one has come to something or to nothing.
  void expect_birth() noexcept { ++births_; }
  void end_birth() noexcept { --births_; }
  // Processes of the runs, which are none, until they have been reaped. To be known before the thread that has started them
  // ends, for not before then are they in the list.
  void know(int pid);
  void know_no_more(int pid);

  // The rest belongs to the waiting thread.
  //
  // Lists our children, and takes in those that are none of the known.
  void look();
  // A pidfd has said that this one has ended.
  void look_at(int pid);
  // It is none any more: a run has taken it up.
  void let_go(int pid);

  // A child may have ended since this was last asked.
  bool called() const noexcept { return signal_ && signal_->called(); }
  void listen() const noexcept {
    if (signal_) signal_->put_in_place();
  }

  // Whether each child that we had when we last looked is either known or here.
  bool complete() const noexcept { return complete_ && spared_ == 0; }
  bool has(int pid) const { return all_.contains(pid); }
  // By a list of all processes: children that are no orphans, and not to be taken for some; the runs' are among them.
  std::unordered_set<int> no_orphans(const std::vector<Process>& all);

  // Whose they are: a run's, or nobody's (0); nothing: it has not been asked yet.
  struct Stranger {
    Fd pidfd;
    std::optional<RunId> whose{};
    uint64_t start_ticks = 0;  // of one that is nobody's
    bool deaf = false;         // the wait set had no room, or no use
    bool over = false;         // it has ended, and whoever traces it has not let go of it: ptrace(2)
  };
  std::unordered_map<int, Stranger>& all() noexcept { return all_; }
  // A run is known now whose process was started then: whoever is younger, and was nobody's, may be of that run.
  void ask_anew(uint64_t since);

  // Orphans go on coming to us, for the next image to find.
  void leave() noexcept { left_ = true; }

  Strangers(const Strangers&) = delete;
  Strangers& operator=(const Strangers&) = delete;

 private:
  std::optional<std::vector<int>> children() const;
  bool take_in(const std::vector<int>& listed);
  bool take_in(int pid);

  const WaitSet& wait_set_;
  const std::optional<ChildSignal> signal_;
  Fd children_;  // /proc/self/task/PID/children
  bool was_subreaper_ = false;
  bool left_ = false;
  bool complete_ = false;
  std::atomic<int> births_ = 0;
  std::unordered_map<int, Stranger> all_;

  std::mutex mutex_;
  std::unordered_multiset<int> known_;  // a number may have come round while a run of whom it was waits to be reaped
  std::atomic<unsigned> spared_ = static_cast<unsigned>(Why::node);
  std::atomic<int> keeper_ = 0;
};

}  // namespace sentry
