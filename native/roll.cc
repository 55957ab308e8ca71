#include "roll.h"

#include <errno.h>

#include "die_at.h"
#include "following.h"
#include "identity.h"
#include "waiting.h"

namespace sentry {

namespace {

constexpr int kTries = 5;  // to take up a process that ends while it is looked at

void open_cgroup(Watched& process) {
  if (!process.cgroup.empty()) process.own_cgroup = Cgroup::open(process.cgroup);
}

bool is_child(const Fd& pidfd) noexcept {
  Exit exit;
  return peek(pidfd, exit) != Peek::not_our_child;
}

}  // namespace

Watched newly_born(const Child& child, Fd pidfd, Channels channels) {
  Watched process;
  process.run = child.run;
  process.pid = process.group = child.pid;
  process.start_ticks = child.start_ticks;
  process.pidfd = std::move(pidfd);
  process.inherited_rss = child.inherited_rss;
  process.threads.emplace().born_ns = child.at.mono_us * 1000;
  process.kept = child.kept;
  process.mark = child.mark;
  process.out_pipe = child.out_pipe;
  process.err_pipe = child.err_pipe;
  process.cgroup = child.cgroup;
  process.channels = std::move(channels);
  process.newborn = process.our_child = true;
  open_cgroup(process);
  return process;
}

Watched taken_over(Adopted adopted) {
  Watched process{std::move(adopted)};
  process.group = process.pid;
  process.our_child = is_child(process.pidfd);
  if (process.start_ticks == 0) process.start_ticks = start_ticks(process.pid, process.pidfd).value_or(0);
  open_cgroup(process);
  return process;
}

void Roll::take_up(Watched taken) {
  const auto [place, added] = parts_.runs.try_emplace(taken.run, std::move(taken));
  if (!added) {
    if (taken.our_child) parts_.strangers.know_no_more(taken.pid);
    return;
  }
  Watched& process = place->second;
  parts_.strangers.listen();
  if (!process.our_child && !process.ended) parts_.exits.expect_strangers();
  parts_.strangers.let_go(process.pid);
  parts_.strangers.ask_anew(process.start_ticks);
  if (!process.cgroup.empty()) parts_.kin.know_cgroup(process.cgroup);
  if (unreaped(process.pidfd)) process.seen_ticks = ticks_now();
  if (parts_.descent && !process.own_cgroup) {
    parts_.descent->watch(process.run, process.pid, process.start_ticks, process.newborn);
    for (const auto& [pid, seen] : process.descendants) parts_.descent->add(process.run, pid, seen.start_ticks);
  }
  parts_.exits.listen_to(process);
  parts_.notices.listen_to(process);
}

void Roll::follow(RunId run, std::optional<int> pid) {
  const auto found = parts_.runs.find(run);
  if (found == parts_.runs.end() || !found->second.ended) return;
  Watched& process = found->second;
  AstrayFact astray{run, EAGAIN, "", "list"};
  for (int tries = 0; tries < kTries; ++tries, parts_.kin.look_anew()) {
    const auto left = pid ? nameable(process) : parts_.kin.of(process);
    if (!left) continue;
    auto chosen = choose(run, *left, pid);
    if (auto* nobody = std::get_if<AstrayFact>(&chosen)) {
      astray = std::move(*nobody);
      if (pid && !left->empty()) sought_.insert(run);
      break;
    }
    const Process& successor = std::get<Process>(chosen);
    auto opened = open_process(successor.pid, successor.stat.start_ticks);
    auto* pidfd = std::get_if<Fd>(&opened);
    if (pidfd && process.own_cgroup && !process.own_cgroup->holds(successor.pid)) pidfd->reset();
    if (pidfd && *pidfd) return replace(process, successor, std::move(*pidfd));
    astray = {run, pidfd ? ESRCH : std::get<Fault>(opened).error, "", std::to_string(successor.pid)};
  }
  parts_.post(std::move(astray));
}

// Whom a PID file may name: it is a witness as well, for an orphan of ours of which nothing else says whose it is.
std::optional<std::vector<Process>> Roll::nameable(Watched& process) {
  auto left = parts_.kin.of(process);
  if (!left || process.own_cgroup) return left;
  for (Process& stray : parts_.kin.strays())
    if (stray.stat.start_ticks >= process.start_ticks) left->push_back(std::move(stray));
  return left;
}

void Roll::give_up_searches() {
  if (sought_.empty()) return;
  parts_.kin.look_anew();
  std::erase_if(sought_, [this](RunId run) {
    const auto left = nameable(parts_.runs.at(run));
    if (!left || !left->empty()) return false;
    parts_.post(std::get<AstrayFact>(choose(run, {}, std::nullopt)));
    return true;
  });
}

// The keeper has it before anybody hears of it.
void Roll::replace(Watched& process, const Process& successor, Fd pidfd) {
  sought_.erase(process.run);
  parts_.keeper.hold(process_label(process.kept, successor.pid), pidfd.get());
  die_at("followed");
  process.formers.push_back({process.pid, std::exchange(process.pidfd, std::move(pidfd))});
  process.pid = successor.pid;
  process.start_ticks = successor.stat.start_ticks;
  process.group = successor.stat.group;
  process.ended = false;
  process.inherited_rss = 0;
  process.threads.reset();
  process.over_ns = process.user_us = process.system_us = 0;
  process.descendants.erase(process.pid);
  parts_.strangers.let_go(process.pid);
  if (process.our_child) parts_.strangers.know(process.pid);
  if (!is_child(process.pidfd)) parts_.exits.expect_strangers();
  parts_.endings.forget(process.run);
  parts_.kin.look_anew();
  parts_.post(FollowedFact{{process.run, process.pid, now(), process.start_ticks, process.out_pipe, process.err_pipe,
                            process.cgroup, process.channels.notify_name}});
  parts_.exits.listen_to(process);
}

void Roll::reap(RunId run) {
  const auto found = parts_.runs.find(run);
  if (found == parts_.runs.end()) return;
  Watched& process = found->second;
  if (!process.formers.empty()) return reap_former(process);
  if (!process.ended) return;
  sought_.erase(run);
  die_at("reap");
  take_zombie(process.pidfd);
  die_at("reaped");
  parts_.keeper.release(process_label(process.kept, process.pid));
  die_at("released");
  parts_.notices.forget(process);
  if (process.our_child) parts_.strangers.know_no_more(process.pid);
  remove_cgroup(process);
  if (parts_.descent) parts_.descent->forget(run);
  parts_.endings.forget(run);
  parts_.runs.erase(found);
}

// One in which something runs on goes with a later run's: it may be left there on purpose (the scope "process").
void Roll::remove_cgroup(Watched& process) {
  std::erase_if(left_cgroups_, [](const std::string& path) {
    auto left = Cgroup::open(path);
    return !left || (!left->populated() && left->remove());
  });
  if (process.own_cgroup && !process.own_cgroup->remove()) left_cgroups_.push_back(process.cgroup);
}

void Roll::reap_former(Watched& process) {
  const Watched::Former& former = process.formers.front();
  take_zombie(former.pidfd);
  parts_.keeper.release(process_label(process.kept, former.pid));
  if (process.our_child) parts_.strangers.know_no_more(former.pid);
  process.formers.erase(process.formers.begin());
}

std::vector<Adopted> Roll::give_away() {
  std::vector<Adopted> all;
  for (auto& [run, process] : parts_.runs) {
    process.threads = parts_.exits.threads_of(process.pid);
    while (!process.formers.empty()) reap_former(process);
    if (parts_.descent)
      for (const auto& [pid, start_ticks] : parts_.descent->of(run))
        process.descendants.try_emplace(pid, Descendant{start_ticks, {}});
    all.push_back(std::move(process));
  }
  parts_.runs.clear();
  return all;
}

}  // namespace sentry
