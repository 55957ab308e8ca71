// One clone, on the calling thread: from a Plan to a child that has called exec, or to the step that failed.
#pragma once
#include <atomic>
#include <memory>
#include <variant>

#include "cgroup.h"
#include "fault.h"
#include "fd.h"
#include "keeper_link.h"
#include "plan.h"
#include "spawner.h"

namespace sentry {

// Descriptors that are not used yet, with low numbers: the child's copy of the descriptor table is as long as the highest
// number that it keeps, so what it keeps gets a low one, however many thousands are open. Taken early, for later.
struct LowNumbers {
  static constexpr int kLow = 64;

  Fd out;
  Fd err;
  Fd ready;

  static LowNumbers reserve(int null_fd) noexcept;
};

// A child that is being started. The kernel writes the number of the pidfd before its last checks, and where one of
// those fails (the pids controller) it closes it again: the number means this child only once the child itself runs.
struct Handle {
  std::atomic<int> pidfd = -1;
  bool begun = false;

  int get() const noexcept { return __atomic_load_n(&begun, __ATOMIC_ACQUIRE) ? pidfd.load() : -1; }
};

// What a spawning thread owns for all its clones: the child's stack, and low numbers for its stdout and stderr.
class Lane {
 public:
  // `null_fd`: /dev/null, open for as long as the lane. `cgroups`: may be null.
  Lane(int null_fd, LowNumbers low, KeeperLink keeper, std::shared_ptr<const Cgroups> cgroups) noexcept;
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // `handle` is filled in as soon as the child runs, while this call is still held: by it, others can signal a child
  // that hangs in exec. Its pidfd is the caller's, also where the Child came to nothing: only the caller knows when
  // nobody else looks at it any more. The calling thread must have all signals blocked.
  // The keeper has the pipes before the child has them, and is told to let go of them where there is none. With cgroups
  // the child is born in one of its own, which goes again where there is no child.
  std::variant<Child, Fault> clone(Plan& plan, Handle& handle) noexcept;

  // To be used again, once this thread ends.
  LowNumbers give_back() noexcept { return std::move(low_); }

 private:
  int bear(ChildPlan& child, int* pidfd, int cgroup) noexcept;

  const int null_fd_;
  LowNumbers low_;
  KeeperLink keeper_;
  const std::shared_ptr<const Cgroups> cgroups_;
  void* stack_;
};

}  // namespace sentry
