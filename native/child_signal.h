// SIGCHLD, which is libuv's as well: the only thing that tells of the end of an orphan whose coming nobody has seen.
//
// libuv puts a handler there with Node's first child, without a look at what was there, and the default back after the
// last. So ours calls what it finds, and is put in place again where it was lost: a sigaction(2) now and then, which gives
// what was there in the same moment, whatever Node's thread has done right before.
//
// The signal merges, and says nothing that could be relied on: it only makes the waiting thread look.
#pragma once
#include <optional>

namespace sentry {

class ChildSignal {
 public:
  // Whenever a child has ended, an eventfd is written to, once until called() was asked. Nothing where another one in
  // this process has it.
  static std::optional<ChildSignal> take(int eventfd) noexcept;

  // Any thread.
  void put_in_place() const noexcept;
  // Since this was last asked.
  bool called() const noexcept;

  ChildSignal(ChildSignal&& other) noexcept : taken_(other.taken_) { other.taken_ = false; }
  ChildSignal& operator=(ChildSignal&&) = delete;
  ~ChildSignal();  // what was found is there again, unless ours is not there any more

 private:
  ChildSignal() = default;
  bool taken_ = true;
};

}  // namespace sentry
