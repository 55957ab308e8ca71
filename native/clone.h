// One clone, on the calling thread: from a Plan to a child that has called exec, or to the step that failed.
#pragma once
#include <atomic>
#include <variant>

#include "fault.h"
#include "fd.h"
#include "plan.h"
#include "spawner.h"

namespace sentry {

// What a spawning thread owns for all its clones: the child's stack, and descriptors below 64 for the child's standard
// ones, so that the copy of the descriptor table that the child makes stays small however many are open.
class Lane {
 public:
  static constexpr int kLow = 64;

  Lane() noexcept;
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // `pidfd` is set as soon as the kernel has made the child, while this call is still held: by it, others can signal
  // a child that hangs in exec. It is the caller's, also where the Child came to nothing: only the caller knows when
  // nobody else looks at it any more. The calling thread must have all signals blocked.
  std::variant<Child, Fault> clone(Plan& plan, std::atomic<int>& pidfd) noexcept;

  int null_fd() const noexcept { return null_.get(); }

 private:
  int lower(int fd, int n) noexcept;

  Fd null_;
  Fd low_[3];
  void* stack_;
};

}  // namespace sentry
