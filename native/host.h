// The threads of one Sentry, joined: what a spawner bore goes to the pump and to the reaper, and what any of them has
// seen goes into one batch of facts. No Node in here; addon.cc takes the batches to JavaScript, tests take them as
// they are.
//
// Teardown, in this order: the spawner (a start under way is not told of any more), the reaper, the pump (what can be
// written at once is written). Processes live on. Safe at any point, from the thread that made the Host.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

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
  };

  // `wake` is called on some thread whenever facts wait and nobody has been woken for them yet: a thousand facts that
  // come while JavaScript is busy are one call.
  Host(const Options& options, std::function<void()> wake);

  std::vector<Fact> take_facts();

  void spawn(Request request) { spawner_->spawn(std::move(request)); }
  void signal(RunId run, int signal, bool group);
  void reap(RunId run) { reaper_->reap(run); }
  Pump& pump() const noexcept { return *pump_; }

  // Why the kernel's process events are not listened to, where they were asked for and are not.
  const std::optional<Fault>& events_fault() const noexcept { return events_fault_; }
  // What keeps it from working at all; then nothing but the destructor may be called.
  const std::optional<Fault>& fault() const noexcept {
    return signals_fault_ ? signals_fault_ : reaper_->fault() ? reaper_->fault() : pump_->fault();
  }

 private:
  void post(Fact fact);
  void born(Child child);

  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Fact> facts_;
  std::optional<Fault> events_fault_;
  std::optional<Fault> signals_fault_;
  // Destroyed from the last to the first.
  std::unique_ptr<Pump> pump_;
  std::unique_ptr<Reaper> reaper_;
  std::unique_ptr<Spawner> spawner_;
};

}  // namespace sentry
