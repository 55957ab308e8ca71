#include "reaper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "identity.h"

namespace sentry {

Reaper::Reaper(Post post, std::optional<Signals> signals, std::optional<ExitTimes> exit_times, KeeperLink keeper,
               std::optional<Descent> descent)
    : post_(std::move(post)),
      signals_(std::move(signals)),
      keeper_(std::move(keeper)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      strangers_(wait_set_, wake_.get()),
      descent_(std::move(descent)),
      exits_(runs_, wait_set_, std::move(exit_times)),
      kin_(runs_, strangers_, descent_),
      endings_(runs_, kin_, wait_set_, post_),
      notices_(runs_, wait_set_, wake_.get(), keeper_, post_),
      roll_({runs_, strangers_, descent_, exits_, kin_, endings_, notices_, keeper_, post_}) {
  if (!wait_set_ || !wake_ || !alarm_ || !wait_set_.add(wake_.get(), WaitSet::Kind::wake) ||
      !wait_set_.add(alarm_.fd(), WaitSet::Kind::alarm)) {
    fault_ = Fault{"epoll", errno, "waiting thread"};
    return;
  }
  if (signals_) wait_set_.add(signals_->fd(), WaitSet::Kind::signals);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Reaper::~Reaper() { end_thread(); }

void Reaper::end_thread() {
  if (!thread_.joinable()) return;
  ask([this] { ended_ = true; });
  thread_.join();
}

Reaper::Left Reaper::detach() {
  end_thread();
  Left left;
  left.processes = roll_.give_away();
  if (auto events = exits_.release()) left.events.emplace(std::move(*events));
  if (descent_) left.forks.emplace(descent_->release());
  if (signals_) left.signals.emplace(std::move(*signals_));
  descent_.reset();
  signals_.reset();
  keeper_connection_.reset();
  strangers_.leave();
  return left;
}

// ---- what is asked

void Reaper::ask(Operation operation) {
  {
    std::lock_guard lock(mutex_);
    asked_.push_back(std::move(operation));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_.get(), &one, sizeof one);
}

void Reaper::do_asked() {
  uint64_t wakings;
  [[maybe_unused]] const auto drained = read(wake_.get(), &wakings, sizeof wakings);
  std::vector<Operation> asked;
  {
    std::lock_guard lock(mutex_);
    asked.swap(asked_);
  }
  for (const Operation& operation : asked) operation();
}

// A std::function must be copyable, and a descriptor is not.
void Reaper::watch(const Child& child, Fd pidfd, Channels channels) {
  take_up(std::make_shared<Watched>(newly_born(child, std::move(pidfd), std::move(channels))));
}

void Reaper::adopt(Adopted adopted) {
  take_up(std::make_shared<Watched>(taken_over(std::move(adopted))));
}

void Reaper::take_up(std::shared_ptr<Watched> process) {
  if (process->our_child) strangers_.know(process->pid);
  ask([this, process] { roll_.take_up(std::move(*process)); });
}

void Reaper::signal(RunId run, int signal) {
  ask([this, run, signal] {
    const auto found = runs_.find(run);
    if (found != runs_.end()) send_signal(found->second.pidfd, signal);
  });
}

void Reaper::end(RunId run, int signal, Scope scope) {
  ask([this, run, signal, scope] { endings_.ask(run, signal, scope); });
}

void Reaper::inspect(RunId run, Scope scope) {
  ask([this, run, scope] { questions_.push_back([this, run, scope] { endings_.inspect(run, scope); }); });
}

void Reaper::follow(RunId run, std::optional<int> pid) {
  ask([this, run, pid] { questions_.push_back([this, run, pid] { roll_.follow(run, pid); }); });
}

void Reaper::strays(int64_t token) {
  ask([this, token] {
    look_ = true;
    questions_.push_back([this, token] { tell_strays(token); });
  });
}

void Reaper::delivered(std::vector<RunId> runs) {
  ask([this, runs = std::move(runs)] {
    for (const RunId run : runs) notices_.delivered(run);
  });
}

void Reaper::set_alarm(std::optional<int64_t> wall_us) {
  ask([this, wall_us] {
    if (alarm_.set(wall_us)) post_(AlarmFact{});
  });
}

void Reaper::reap(RunId run) {
  ask([this, run] { roll_.reap(run); });
}

void Reaper::spare(Strangers::Why why, bool on) {
  strangers_.spare(why, on);
  if (!on) ask([this] { look_ = true; });
}

void Reaper::watch_keeper(Fd duplicate, int pid) {
  strangers_.leave_alone(pid);
  ask([this, duplicate = std::make_shared<Fd>(std::move(duplicate))] {
    forget_keeper();
    keeper_connection_ = std::move(*duplicate);
    wait_set_.add(keeper_connection_.get(), WaitSet::Kind::keeper, 0, EPOLLRDHUP);  // and EPOLLHUP, which always is
  });
}

void Reaper::hold_all() {
  ask([this] {
    for (const auto& [run, process] : runs_) {
      hold(keeper_, process.kept, process.channels);
      if (process.pidfd) keeper_.hold(process_label(process.kept, process.pid), process.pidfd.get());
    }
  });
}

// ---- the thread

void Reaper::run() {
  epoll_event events[256];
  int wait_ms = -1;
  while (!ended_) {
    const int count = wait_set_.wait(events, 256, wait_ms);
    const int64_t woke_ns = now().mono_us * 1000;
    do_asked();
    for (int n = 0; n < count; ++n) look_at(WaitSet::key_of(events[n]), woke_ns);
    exits_.look_at_deaf();
    if (strangers_.called()) look_ = true;
    tell_exits();
    if (look_) {
      look_ = false;
      strangers_.look();
      roll_.give_up_searches();
    }
    answer();
    wait_ms = sooner(sooner(endings_.advance(), exits_.wait_ms()), notices_.advance());
    if (const int64_t lost = exits_.lost(); lost > 0) post_(LostFact{"processEvents", lost});
  }
}

void Reaper::look_at(WaitSet::Key key, int64_t woke_ns) {
  using Kind = WaitSet::Kind;
  const auto pid = static_cast<int>(key.number);
  if (key.kind == Kind::signals) take_signals();
  if (key.kind == Kind::keeper) look_at_keeper();
  if (key.kind == Kind::alarm && alarm_.has_come()) post_(AlarmFact{});
  if (key.kind == Kind::run) exits_.look_at(key.number, woke_ns);
  if (key.kind == Kind::notify || key.kind == Kind::ready) notices_.look_at(key.kind, key.number);
  if (key.kind == Kind::stranger) strangers_.look_at(pid);
  if (key.kind == Kind::member) endings_.look_at(pid);
  if (key.kind == Kind::stranger) look_ = true;  // it may have left somebody to us
}

void Reaper::tell_exits() {
  const auto seen = exits_.take();
  if (!seen.empty()) kin_.look_anew();
  for (const auto& [run, exit] : seen) {
    Watched& process = runs_.at(run);
    notices_.last_words(process);
    post_(ExitFact{run, exit, kin_.is_alone(process)});
  }
}

void Reaper::answer() {
  if (!questions_.empty()) kin_.look_anew();
  for (const Operation& question : std::exchange(questions_, {})) question();
}

void Reaper::tell_strays(int64_t token) {
  StraysFact fact{token, {}};
  for (const Process& one : kin_.strays())
    fact.strays.push_back({one.pid, one.stat.name, one.stat.state, one.stat.start_ticks});
  post_(std::move(fact));
}

void Reaper::take_signals() {
  SignalFact fact;
  while (signals_->next(fact)) {
    fact.terminal_gone = fact.signal == SIGHUP && signals_->terminal_gone();
    post_(fact);
  }
}

// It may be another's than the one that was reported. A shutdown(2) of our own is an end as well.
void Reaper::look_at_keeper() {
  pollfd connection{keeper_connection_.get(), POLLRDHUP, 0};
  if (poll(&connection, 1, 0) <= 0) return;
  forget_keeper();
  post_(KeeperGoneFact{});
}

// The connection stays open elsewhere, and so it would go on being reported.
void Reaper::forget_keeper() {
  if (keeper_connection_) wait_set_.remove(keeper_connection_.get());
  keeper_connection_.reset();
}

}  // namespace sentry
