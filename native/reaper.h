// The one waiting thread. It sleeps in epoll over the pidfds of all children, and sees each exit once.
//
// Peek, record, signal, reap. An exit is peeked at (WNOWAIT): status and times are read, the fact is posted, and the
// zombie stays. Only when the caller has recorded the exit does it call reap(): then what is left in the process group
// is killed while the zombie still keeps its number from being given to a stranger, and after that the zombie goes.
// All waiting and all signalling of groups happens on this one thread, so no group is signalled after its leader was
// reaped. A Sentry that dies between any two of these steps leaves the zombie's status, or its record, behind.
//
// Why not waitpid(-1), or waitid(P_ALL): they would take the exits of Node's own child processes. waitid(P_PIDFD)
// takes exactly one. Why not SIGCHLD: it merges, and belongs to libuv.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "exit_times.h"
#include "fact.h"
#include "fd.h"
#include "signals.h"
#include "spawner.h"

namespace sentry {

class Reaper {
 public:
  // Signals to Sentry are waited for here as well. The kernel's process events are read when a pidfd woke the thread
  // and never for their own sake: a busy host does not wake an idle Sentry.
  Reaper(Post post, std::optional<Signals> signals, std::optional<ExitTimes> exit_times);
  // Why it cannot work: then there is no thread, and nothing else may be called.
  const std::optional<Fault>& fault() const noexcept { return fault_; }
  // Ends the thread. Processes live on; zombies that were not reaped stay.
  ~Reaper();

  // All of these come from any thread, never block, and are done in the order of the calls.
  void watch(const Child& child, Fd pidfd);
  void signal(RunId run, int signal, bool group);
  void reap(RunId run);

  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

 private:
  struct Watched {
    int pid;
    Fd pidfd;
    int64_t inherited_rss;
    bool ended = false;  // peeked at and posted; the zombie waits for reap()
  };
  using Operation = std::function<void()>;

  void ask(Operation operation);
  void run();
  void do_asked();
  void signal_group(const Watched& child, int signal) noexcept;
  void peek(RunId run, int64_t woke_ns);
  void take_signals();

  const Post post_;
  std::optional<Fault> fault_;
  std::optional<Signals> signals_;
  std::optional<ExitTimes> exit_times_;
  Fd epoll_;
  Fd wake_;
  std::unordered_map<RunId, Watched> watched_;  // the thread's own

  std::mutex mutex_;
  std::vector<Operation> asked_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace sentry
