// The one waiting thread. It sleeps in epoll over the pidfds of all processes, and sees each exit once.
//
// Peek, record, reap. An exit is peeked at (WNOWAIT): status and times are read, the fact is posted, and the zombie stays:
// until the caller has recorded the exit, and for as long as something is left of what the process has started. The zombie
// keeps its number, as that of its session and its group, from being given to a stranger. Only reap() takes it away, and
// then the keeper lets go of its pidfd. A Sentry that dies between any two of these steps leaves the zombie's status, or
// its record, behind.
//
// Why not waitpid(-1), or waitid(P_ALL): they would take the exits of Node's own child processes. waitid(P_PIDFD)
// takes exactly one. Why not SIGCHLD: it merges, and belongs to libuv. It is good for one thing (strangers.h).
//
// What one waking has brought is done in this order: what was asked; who has ended; the exits are told, each with whether
// anything is left; who has come to us; then questions and endings, with one look at all processes for all of them.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "alarm.h"
#include "descent.h"
#include "ending.h"
#include "exits.h"
#include "fact.h"
#include "fd.h"
#include "keeper_link.h"
#include "kin.h"
#include "notices.h"
#include "roll.h"
#include "signals.h"
#include "spawner.h"
#include "strangers.h"
#include "wait_set.h"
#include "watched.h"

namespace sentry {

class Reaper {
 public:
  // Signals to Sentry are waited for here as well. The kernel's process events are read when a pidfd woke the thread
  // and never for their own sake: a busy host does not wake an idle Sentry.
  Reaper(Post post, std::optional<Signals> signals, std::optional<ExitTimes> exit_times, KeeperLink keeper,
         std::optional<Descent> descent = std::nullopt);
  // Why it cannot work: then there is no thread, and nothing else may be called.
  const std::optional<Fault>& fault() const noexcept { return fault_; }
  // Ends the thread. Processes live on; zombies that were not reaped stay.
  ~Reaper();

  // All of these come from any thread, never block, and are done in the order of the calls.
  void watch(const Child& child, Fd pidfd, Channels channels = {});
  void adopt(Adopted process);
  void signal(RunId run, int signal);
  void reap(RunId run);
  // These are answered when all is done that was asked in the same moment.
  void end(RunId run, int signal, Scope scope);
  void inspect(RunId run, Scope scope);
  void follow(RunId run, std::optional<int> pid);
  void strays(int64_t token);
  // JavaScript has the notices that were told of these runs (notices.h).
  void delivered(std::vector<RunId> runs);
  // One AlarmFact then (alarm.h); nothing: none.
  void set_alarm(std::optional<int64_t> wall_us);
  // KeeperGoneFact when this connection ends, once. Another one takes its place. `pid`: the keeper's.
  void watch_keeper(Fd duplicate, int pid);
  // A new keeper is given what the former one had.
  void hold_all();

  // These are done when they return: strangers.h.
  void spare(Strangers::Why why, bool on);
  void expect_birth() noexcept { strangers_.expect_birth(); }
  void end_birth() noexcept { strangers_.end_birth(); }

  // Ends the thread, as the destructor does, and gives what it had. Facts are posted until it returns. Nothing else may
  // be called afterwards.
  struct Left {
    std::vector<Adopted> processes;
    std::optional<Signals> signals;
    std::optional<ProcEvents> events;
    std::optional<ProcEvents> forks;
  };
  Left detach();

  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

 private:
  using Operation = std::function<void()>;

  void take_up(std::shared_ptr<Watched> process);
  void ask(Operation operation);
  void end_thread();
  void run();
  void do_asked();
  void look_at(WaitSet::Key key, int64_t woke_ns);
  void tell_exits();
  void answer();
  void tell_strays(int64_t token);
  void take_signals();
  void look_at_keeper();
  void forget_keeper();

  const Post post_;
  std::optional<Fault> fault_;
  std::optional<Signals> signals_;
  KeeperLink keeper_;
  WaitSet wait_set_;
  Fd wake_;
  // The thread's own.
  Runs runs_;
  Strangers strangers_;
  std::optional<Descent> descent_;
  Exits exits_;
  Kin kin_;
  Endings endings_;
  Notices notices_;
  Alarm alarm_;
  Roll roll_;
  std::vector<Operation> questions_;
  bool look_ = true;  // for strangers
  Fd keeper_connection_;

  std::mutex mutex_;
  std::vector<Operation> asked_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace sentry
