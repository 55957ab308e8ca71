#include "host.h"

#include <fcntl.h>

#include <algorithm>

#include "descent.h"
#include "identity.h"
#include "notify.h"

namespace sentry {

namespace {

// Nothing where it is refused: then the exits were refused as well, and the reason is told once.
std::optional<Descent> listen_to_forks(std::optional<ProcEvents> events) {
  if (events) return Descent(std::move(*events));
  auto opened = ProcEvents::open(ProcEvents::Scope::forks);
  if (auto* own = std::get_if<ProcEvents>(&opened)) return Descent(std::move(*own));
  return std::nullopt;
}

}  // namespace

Host::Host(const Options& options, Inherited inherited, KeeperLink& keeper, std::function<void()> wake)
    : keeper_(keeper),
      wake_(std::move(wake)),
      file_limit_(inherited.file_limit ? inherited.file_limit : file_limit_before_node()) {
  const Post post = [this](Fact fact) { this->post(std::move(fact)); };
  auto signals = options.take_signals ? take_signals(inherited) : std::nullopt;
  auto exit_times = options.process_events ? listen_to_events(std::move(inherited.events)) : std::nullopt;
  open_cgroups(options.cgroups);
  auto descent = options.process_events && !cgroups_ ? listen_to_forks(std::move(inherited.forks)) : std::nullopt;

  pump_ = std::make_unique<Pump>(post, keeper);
  reaper_ = std::make_unique<Reaper>(post, std::move(signals), std::move(exit_times), keeper, std::move(descent));
  const Post post_failure = [this](Fact fact) {
    this->post(std::move(fact));
    reaper_->end_birth();
  };
  spawner_ = std::make_unique<Spawner>(
      options.spawners, [this](Child child) { born(std::move(child)); }, post_failure, keeper, file_limit_, cgroups_);
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

Host::~Host() {
  spawner_.reset();
  reaper_.reset();
  if (cgroups_) cgroups_->remove_all();
}

Host::Finished Host::finish() {
  spawner_.reset();
  auto signals = reaper_->detach().signals;
  pump_.reset();
  return {take_all(), std::move(signals)};
}

void Host::open_cgroups(const std::string& name) {
  if (name.empty()) return;
  auto opened = Cgroups::open(name);
  if (auto* cgroups = std::get_if<Cgroups>(&opened)) cgroups_ = std::make_shared<Cgroups>(std::move(*cgroups));
  else cgroups_fault_ = std::get<Fault>(std::move(opened));
}

void Host::spawn(Request request) {
  reaper_->expect_birth();
  spawner_->spawn(std::move(request));
}

// Posted before it is watched: a run's Spawned never comes after its Exit.
void Host::born(Child child) {
  const std::string label = child.label + "." + std::to_string(child.pid);
  const auto take_in = [&](int stream, Fd pipe, int sink) {
    if (!pipe) return;
    Intake intake;
    intake.run = child.run;
    intake.stream = stream;
    intake.pipe = std::move(pipe);
    intake.sink = sink;
    intake.label = label;
    intake.slot = child.slot;
    intake.colour = child.colour;
    intake.kept = child.kept;
    intake.tell = child.tell_lines;
    pump_->adopt(std::move(intake));
  };
  take_in(0, std::move(child.out), child.out_sink);
  take_in(1, std::move(child.err), child.err_sink);
  post(SpawnedFact{child.run, child.pid, child.at, child.start_ticks, child.out_pipe, child.err_pipe, child.cgroup,
                   child.channels.notify_name});
  reaper_->watch(child, std::move(child.pidfd), std::move(child.channels));
  reaper_->end_birth();
}

// What one that is gone has left behind is known by its cgroup, its mark and its pipes.
bool Host::adopt(Adopted process) {
  if (!process.pidfd) {
    auto opened = open_process(process.pid, process.start_ticks);
    auto* pidfd = std::get_if<Fd>(&opened);
    if (!pidfd && !process.ended) {
      release(keeper_, process.kept, std::move(process.channels));
      return false;
    }
    if (pidfd) process.pidfd = std::move(*pidfd);
    if (pidfd) keeper_.hold(process_label(process.kept, process.pid), process.pidfd.get());
  }
  if (process.channels.notify_name.empty() && process.channels.notify)
    process.channels.notify_name = notify_name(process.channels.notify);
  if (!process.channels.notify && !process.channels.notify_name.empty()) bind_again(process);
  reaper_->adopt(std::move(process));
  return true;
}

// Under the name that its process knows. Where somebody else has taken it, there is none: the process is as silent as one
// that has nothing to say.
void Host::bind_again(Adopted& process) {
  auto bound = bind_notify(process.channels.notify_name);
  if (auto* socket = std::get_if<Fd>(&bound)) process.channels.notify = std::move(*socket);
  else process.channels.notify_name.clear();
  hold(keeper_, process.kept, process.channels);
}

// The spawner lets go of a run only after it has given it to the reaper, so it is found with one of them.
void Host::signal(RunId run, int signal) {
  if (!spawner_->signal(run, signal)) reaper_->signal(run, signal);
}

void Host::end(RunId run, int signal, Scope scope) {
  if (!spawner_->signal(run, signal)) reaper_->end(run, signal, scope);
}

void Host::watch_keeper() {
  if (Fd copy(fcntl(keeper_.descriptor(), F_DUPFD_CLOEXEC, 0)); copy)
    reaper_->watch_keeper(std::move(copy), pid_of(keeper_.process()));
}

// Until it is known by its pid, nobody may take it for a stranger.
std::optional<Fault> Host::start_keeper(const std::string& program, const std::string& path) {
  reaper_->spare(Strangers::Why::keeper, true);
  auto fault = keeper_.start(program, path);
  if (!fault) hold_all();
  reaper_->spare(Strangers::Why::keeper, false);
  return fault;
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
  cgroups_.reset();
  auto reaper = reaper_->detach();
  auto output = pump_->detach();
  // Lines that nobody has seen are in their pipes, and are told by the next one.
  std::vector<Fact> facts = take_all();
  std::erase_if(facts, [](const Fact& fact) { return std::holds_alternative<LinesFact>(fact); });
  return {std::move(facts),         std::move(reaper.processes), std::move(output), std::move(reaper.signals),
          std::move(reaper.events), std::move(reaper.forks),     file_limit_};
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

std::vector<Fact> Host::take_all() {
  std::lock_guard lock(mutex_);
  return std::exchange(facts_, {});
}

std::vector<Fact> Host::take_facts() {
  std::vector<Fact> facts = take_all();
  std::vector<RunId> delivered;
  for (const Fact& fact : facts)
    if (const auto* notice = std::get_if<NotifiedFact>(&fact)) delivered.push_back(notice->run);
  std::sort(delivered.begin(), delivered.end());
  delivered.erase(std::unique(delivered.begin(), delivered.end()), delivered.end());
  if (!delivered.empty()) reaper_->delivered(std::move(delivered));
  return facts;
}

}  // namespace sentry
