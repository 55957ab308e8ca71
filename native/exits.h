// How the runs' processes end: seen by their pidfds, each once, and the zombie stays.
//
// After a SIGKILL of Sentry the processes are somebody else's children. They are waited for in the same way, but waitid
// has nothing to say of them, and their parent may be slow or quick to reap: witness.h tells how they ended. The same
// goes for a child that something else in this process has reaped.
#pragma once
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "exit.h"
#include "exit_times.h"
#include "wait_set.h"
#include "watched.h"

namespace sentry {

class Exits {
 public:
  Exits(Runs& runs, const WaitSet& wait_set, std::optional<ExitTimes> times)
      : runs_(runs), wait_set_(wait_set), times_(std::move(times)) {}

  // From now on it is waited for; it may have ended already.
  void listen_to(Watched& process);
  // Its pidfd was reported in a wake-up at that moment. Also of one that is not heard of any more.
  void look_at(RunId run, int64_t woke_ns);

  // There is an end to what can be waited for, and some cannot be waited for like that. No exit is missed for it: they are
  // looked at from time to time. In how many milliseconds, or -1.
  int wait_ms() const noexcept;
  void look_at_deaf();

  // What has been seen since this was last asked, in that order.
  std::vector<std::pair<RunId, Exit>> take() { return std::exchange(seen_, {}); }

  // What is counted of it goes over to the next image with it.
  std::optional<Threads> threads_of(int pid) const { return times_ ? times_->threads_of(pid) : std::nullopt; }
  // Events that were dropped, since this was last asked.
  int64_t lost() noexcept { return times_ ? times_->lost() : 0; }
  // Somebody has another parent than this process.
  void expect_strangers() noexcept;
  // Gives the subscription away. Nothing else may be called afterwards.
  std::optional<ProcEvents> release();

 private:
  void hear(const Watched& process);
  bool testified(Watched& process, std::optional<uint32_t> told, Exit& exit);

  Runs& runs_;
  const WaitSet& wait_set_;
  std::optional<ExitTimes> times_;
  std::unordered_set<RunId> deaf_;  // for which there was no room, or which had ended and were not ours yet
  std::vector<std::pair<RunId, Exit>> seen_;
};

}  // namespace sentry
