// The one waiting thread. It sleeps in epoll over the pidfds of all processes, and sees each exit once.
//
// Peek, record, signal, reap. An exit is peeked at (WNOWAIT): status and times are read, the fact is posted, and the
// zombie stays. Only when the caller has recorded the exit does it call reap(): then what is left in the process group
// is killed while the zombie still keeps its number from being given to a stranger, and after that the zombie goes, and
// the keeper lets go of its pidfd. A Sentry that dies between any two of these steps leaves the zombie's status, or its
// record, behind.
//
// Why not waitpid(-1), or waitid(P_ALL): they would take the exits of Node's own child processes. waitid(P_PIDFD)
// takes exactly one. Why not SIGCHLD: it merges, and belongs to libuv.
//
// After a SIGKILL of Sentry the processes are somebody else's children. They are waited for in the same way, but waitid
// has nothing to say of them, and their parent may be slow or quick to reap: witness.h tells how they ended. The same
// goes for a child that something else in this process has reaped.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "exit_times.h"
#include "fact.h"
#include "fd.h"
#include "keeper_link.h"
#include "signals.h"
#include "spawner.h"

namespace sentry {

// A process that is taken up from an earlier image, or from a Sentry that is gone; and the same when it is left.
struct Adopted {
  RunId run = 0;
  int pid = 0;
  uint64_t start_ticks = 0;  // 0: to be found out (identity.h)
  Fd pidfd;
  bool ended = false;  // its exit has been posted; what is left to do is reap()
  int64_t inherited_rss = 0;
  std::optional<Threads> threads;  // as its events were counted; nothing where they were not
  std::string kept;                // part of what the keeper has its pidfd under
};

class Reaper {
 public:
  // Signals to Sentry are waited for here as well. The kernel's process events are read when a pidfd woke the thread
  // and never for their own sake: a busy host does not wake an idle Sentry.
  Reaper(Post post, std::optional<Signals> signals, std::optional<ExitTimes> exit_times, KeeperLink keeper);
  // Why it cannot work: then there is no thread, and nothing else may be called.
  const std::optional<Fault>& fault() const noexcept { return fault_; }
  // Ends the thread. Processes live on; zombies that were not reaped stay.
  ~Reaper();

  // All of these come from any thread, never block, and are done in the order of the calls.
  void watch(const Child& child, Fd pidfd);
  void adopt(Adopted process);
  void signal(RunId run, int signal, bool group);
  void reap(RunId run);
  // KeeperGoneFact when this connection ends, once. Another one takes its place.
  void watch_keeper(Fd duplicate);
  // A new keeper is given what the former one had.
  void hold_all();

  // Ends the thread, as the destructor does, and gives what it had. Facts are posted until it returns. Nothing else may
  // be called afterwards.
  struct Left {
    std::vector<Adopted> processes;
    std::optional<Signals> signals;
    std::optional<ProcEvents> events;
  };
  Left detach();

  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

 private:
  struct Watched : Adopted {
    int64_t over_ns = 0;  // when its end was seen first
    int64_t user_us = 0;  // of a zombie that is not our child
    int64_t system_us = 0;
  };
  using Operation = std::function<void()>;

  void ask(Operation operation);
  void end_thread();
  void run();
  void do_asked();
  void take_up(Adopted process);
  void listen_to(const Watched& process);
  void look_at_deaf();
  void look_at(RunId run, int64_t woke_ns);
  bool testified(Watched& process, std::optional<uint32_t> told, Exit& exit);
  void take_signals();
  void look_at_keeper();
  void forget_keeper();

  const Post post_;
  std::optional<Fault> fault_;
  std::optional<Signals> signals_;
  std::optional<ExitTimes> exit_times_;
  KeeperLink keeper_;
  Fd epoll_;
  Fd wake_;
  // The thread's own.
  std::unordered_map<RunId, Watched> watched_;
  std::vector<RunId> deaf_;  // for which epoll had no room
  Fd keeper_connection_;

  std::mutex mutex_;
  std::vector<Operation> asked_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace sentry
