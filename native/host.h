// The threads of one Sentry, joined: what a spawner bore goes to the pump and to the reaper, and what any of them has
// seen goes into one batch of facts. No Node in here; addon.cc takes the batches to JavaScript, tests take them as
// they are.
//
// Teardown, in this order: the spawner (a start under way is not told of any more), the reaper, the pump (what can be
// written at once is written). Processes live on. Safe at any point, from the thread that made the Host.
//
// detach() is the same for the sake of an exec: what the threads had is given back, for the next image to adopt, or, if
// the exec fails, for another Host in this one.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cgroup.h"
#include "keeper_link.h"
#include "pump.h"
#include "reaper.h"
#include "spawner.h"

namespace sentry {

class Host {
 public:
  struct Options {
    int spawners = 1;
    bool take_signals = false;
    bool process_events = false;
    std::string cgroups{};  // the name of the cgroup that theirs are made in; empty: they get none
  };

  // What was there before: left by a Host in this image, or over an exec by one in the image before.
  struct Inherited {
    std::optional<Signals> signals;  // still taken; otherwise …
    Fd signals_pipe;                 // … what came before the exec
    size_t record_bytes = 0;
    std::optional<ProcEvents> events;
    std::optional<ProcEvents> forks;
    std::optional<FileLimit> file_limit;
  };

  struct Left {
    std::vector<Fact> facts;
    std::vector<Adopted> processes;
    Pump::Left output;
    std::optional<Signals> signals;
    std::optional<ProcEvents> events;
    std::optional<ProcEvents> forks;
    std::optional<FileLimit> file_limit;
  };

  // `wake` is called on some thread whenever facts wait and nobody has been woken for them yet: a thousand facts that
  // come while JavaScript is busy are one call. The keeper outlives the Host.
  Host(const Options& options, Inherited inherited, KeeperLink& keeper, std::function<void()> wake);

  // What they tell of notices is delivered by this, and more of them may come (notices.h).
  std::vector<Fact> take_facts();

  void spawn(Request request);
  // False where that process is gone, and its number possibly a stranger's; one that has ended is taken up all the same.
  // Without a pidfd, one is opened.
  bool adopt(Adopted process);
  void signal(RunId run, int signal);
  void end(RunId run, int signal, Scope scope);
  void inspect(RunId run, Scope scope) { reaper_->inspect(run, scope); }
  void follow(RunId run, std::optional<int> pid) { reaper_->follow(run, pid); }
  void reap(RunId run) { reaper_->reap(run); }
  void spare(bool on) { reaper_->spare(Strangers::Why::node, on); }
  void strays(int64_t token) { reaper_->strays(token); }
  void set_alarm(std::optional<int64_t> wall_us) { reaper_->set_alarm(wall_us); }
  Pump& pump() const noexcept { return *pump_; }

  // Ends the threads, and gives what they have not told. Nothing but the destructor may be called afterwards.
  struct Finished {
    std::vector<Fact> facts;
    std::optional<Signals> signals;  // still taken: one more must not end a process that is about to clear up
  };
  Finished finish();
  // Processes live on. Where nothing is left in our cgroups, they go too; not after detach().
  ~Host();

  // The keeper is to be watched for its end: there is one now. A new one is given all that there is.
  void watch_keeper();
  // A child that is none of the runs', and no stranger either.
  std::optional<Fault> start_keeper(const std::string& program, const std::string& path);

  // Answered by a QuietFact.
  void quiesce(bool on);
  // When it is quiet. Nothing but the destructor may be called afterwards.
  Left detach();

  // Why the kernel's process events are not listened to, where they were asked for and are not.
  const std::optional<Fault>& events_fault() const noexcept { return events_fault_; }
  // Why there are no cgroups, where there are none.
  const std::optional<Fault>& cgroups_fault() const noexcept { return cgroups_fault_; }
  // What keeps it from working at all; then nothing but the destructor may be called.
  const std::optional<Fault>& fault() const noexcept {
    return signals_fault_ ? signals_fault_ : reaper_->fault() ? reaper_->fault() : pump_->fault();
  }

 private:
  std::optional<Signals> take_signals(Inherited& inherited);
  std::optional<ExitTimes> listen_to_events(std::optional<ProcEvents> events);
  void open_cgroups(const std::string& name);
  void hold_all();
  void bind_again(Adopted& process);
  void post(Fact fact);
  void born(Child child);
  std::vector<Fact> take_all();

  KeeperLink& keeper_;
  const std::function<void()> wake_;
  const std::optional<FileLimit> file_limit_;
  std::mutex mutex_;
  std::vector<Fact> facts_;
  std::optional<Fault> events_fault_;
  std::optional<Fault> cgroups_fault_;
  std::optional<Fault> signals_fault_;
  std::shared_ptr<Cgroups> cgroups_;
  // Destroyed from the last to the first.
  std::unique_ptr<Pump> pump_;
  std::unique_ptr<Reaper> reaper_;
  std::unique_ptr<Spawner> spawner_;
};

}  // namespace sentry
