#include "host.h"

#include <fcntl.h>
#include <signal.h>

#include "identity.h"

namespace sentry {

Host::Host(const Options& options, Inherited inherited, KeeperLink& keeper, std::function<void()> wake)
    : keeper_(keeper),
      wake_(std::move(wake)),
      file_limit_(inherited.file_limit ? inherited.file_limit : file_limit_before_node()) {
  const Post post = [this](Fact fact) { this->post(std::move(fact)); };
  auto signals = options.take_signals ? take_signals(inherited) : std::nullopt;
  auto exit_times = options.process_events ? listen_to_events(std::move(inherited.events)) : std::nullopt;
  // Where SIGCHLD is ignored (by whoever started us), the kernel reaps on its own and every status is lost. waitid(2).
  struct sigaction child_action;
  if (sigaction(SIGCHLD, nullptr, &child_action) == 0 && child_action.sa_handler == SIG_IGN) ::signal(SIGCHLD, SIG_DFL);

  pump_ = std::make_unique<Pump>(post, keeper);
  reaper_ = std::make_unique<Reaper>(post, std::move(signals), std::move(exit_times), keeper);
  spawner_ = std::make_unique<Spawner>(
      options.spawners, [this](Child child) { born(std::move(child)); }, post, keeper, file_limit_);
  watch_keeper();
}

// What came before the exec is told before anything that comes now.
std::optional<Signals> Host::take_signals(Inherited& inherited) {
  if (inherited.signals) return std::move(inherited.signals);
  auto taken = Signals::take();
  if (auto* fault = std::get_if<Fault>(&taken)) {
    signals_fault_ = std::move(*fault);
    return std::nullopt;
  }
  auto& signals = std::get<Signals>(taken);
  if (inherited.signals_pipe) {
    for (const SignalFact& fact : signals.inherit(std::move(inherited.signals_pipe), inherited.record_bytes)) post(fact);
  }
  return std::move(signals);
}

std::optional<ExitTimes> Host::listen_to_events(std::optional<ProcEvents> events) {
  if (events) return ExitTimes(std::move(*events));
  auto opened = ProcEvents::open(ProcEvents::Scope::exits);
  if (auto* own = std::get_if<ProcEvents>(&opened)) return ExitTimes(std::move(*own));
  events_fault_ = std::get<Fault>(std::move(opened));
  return std::nullopt;
}

// Posted before it is watched: a run's Spawned never comes after its Exit.
void Host::born(Child child) {
  const std::string label = child.label + "." + std::to_string(child.pid);
  pump_->adopt({child.run, 0, std::move(child.out), child.out_sink, label, child.colour, false, child.kept});
  pump_->adopt({child.run, 1, std::move(child.err), child.err_sink, label, child.colour, false, child.kept});
  post(SpawnedFact{child.run, child.pid, child.at, child.start_ticks, child.out_pipe, child.err_pipe});
  reaper_->watch(child, std::move(child.pidfd));
}

bool Host::adopt(Adopted process) {
  if (!process.pidfd) {
    auto opened = open_process(process.pid, process.start_ticks);
    if (std::holds_alternative<Fault>(opened)) return false;
    process.pidfd = std::get<Fd>(std::move(opened));
    keeper_.hold(process_label(process.kept, process.pid), process.pidfd.get());
  }
  reaper_->adopt(std::move(process));
  return true;
}

void Host::signal(RunId run, int signal, bool group) {
  // The spawner lets go of a run only after it has given it to the reaper, so it is found with one of them.
  if (!spawner_->signal(run, signal)) reaper_->signal(run, signal, group);
}

void Host::watch_keeper() {
  if (Fd copy(fcntl(keeper_.descriptor(), F_DUPFD_CLOEXEC, 0)); copy) reaper_->watch_keeper(std::move(copy));
}

// Nothing is born meanwhile: keeper_link.h.
void Host::hold_all() {
  spawner_->between_births([this] {
    pump_->hold_all();
    reaper_->hold_all();
  });
  watch_keeper();
}

void Host::quiesce(bool on) {
  if (on) spawner_->quiesce([this] { post(QuietFact{}); });
  else spawner_->go_on();
}

Host::Left Host::detach() {
  spawner_.reset();
  auto reaper = reaper_->detach();
  auto output = pump_->detach();
  return {take_facts(),           std::move(reaper.processes), std::move(output), std::move(reaper.signals),
          std::move(reaper.events), file_limit_};
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
