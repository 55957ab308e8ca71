#include "host.h"

#include <signal.h>

namespace sentry {

Host::Host(const Options& options, std::function<void()> wake) : wake_(std::move(wake)) {
  const Post post = [this](Fact fact) { this->post(std::move(fact)); };
  std::optional<Signals> signals;
  if (options.take_signals) {
    auto taken = Signals::take();
    if (auto* own = std::get_if<Signals>(&taken)) signals.emplace(std::move(*own));
    else signals_fault_ = std::get<Fault>(std::move(taken));
  }
  std::optional<ExitTimes> exit_times;
  if (options.process_events) {
    auto opened = ProcEvents::open(ProcEvents::Scope::exits);
    if (auto* fault = std::get_if<Fault>(&opened)) events_fault_ = std::move(*fault);
    else exit_times.emplace(std::get<ProcEvents>(std::move(opened)));
  }
  // Where SIGCHLD is ignored (by whoever started us), the kernel reaps on its own and every status is lost. waitid(2).
  struct sigaction child_action;
  if (sigaction(SIGCHLD, nullptr, &child_action) == 0 && child_action.sa_handler == SIG_IGN) ::signal(SIGCHLD, SIG_DFL);

  pump_ = std::make_unique<Pump>(post);
  reaper_ = std::make_unique<Reaper>(post, std::move(signals), std::move(exit_times));
  spawner_ = std::make_unique<Spawner>(options.spawners, [this](Child child) { born(std::move(child)); }, post);
}

// Posted before it is watched: a run's Spawned never comes after its Exit.
void Host::born(Child child) {
  pump_->adopt(child.run, std::move(child.out), std::move(child.err), child.out_sink, child.err_sink,
               child.label + "." + std::to_string(child.pid), child.colour);
  post(SpawnedFact{child.run, child.pid, child.at});
  reaper_->watch(child, std::move(child.pidfd));
}

void Host::signal(RunId run, int signal, bool group) {
  // The spawner lets go of a run only after it has given it to the reaper, so it is found with one of them.
  if (!spawner_->signal(run, signal)) reaper_->signal(run, signal, group);
}

void Host::post(Fact fact) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = facts_.empty();
    facts_.push_back(std::move(fact));
  }
  if (first) wake_();
}

std::vector<Fact> Host::take_facts() {
  std::lock_guard lock(mutex_);
  return std::exchange(facts_, {});
}

}  // namespace sentry
