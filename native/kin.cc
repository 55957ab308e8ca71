#include "kin.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "identity.h"
#include "waiting.h"

namespace sentry {

namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
// Of a process that had been reaped before it was taken up: whatever bears its number now is another.
constexpr uint64_t kLongAgo = 1;
constexpr int kTries = 10;  // to find out whose the strangers are while they come and go

void keep_alive(std::vector<Process>& processes) {
  std::erase_if(processes, [](const Process& one) { return !is_alive(one); });
}

// Whether that cgroup is the other, or below it.
bool is_in(const std::string& path, const std::string& other) {
  return path.starts_with(other) && (path.size() == other.size() || path[other.size()] == '/');
}

}  // namespace

bool is_alive(const Process& process) {
  if (process.stat.state != 'Z' && process.stat.state != 'X') return true;
  const auto opened = open_process(process.pid, process.stat.start_ticks);
  const auto* pidfd = std::get_if<Fd>(&opened);
  return pidfd && !is_over(*pidfd);
}

std::optional<std::vector<Process>> Kin::of(Watched& process) {
  std::vector<Process> living;
  if (process.own_cgroup) {
    const auto pids = process.own_cgroup->processes();
    if (!pids) return std::nullopt;
    for (const int pid : *pids) {
      if (pid == process.pid) continue;
      if (const auto stat = read_stat(pid)) living.push_back({pid, *stat});
      else if (!is_gone_or_hidden(errno)) return std::nullopt;
    }
    keep_alive(living);
    // Somebody is there whom we are not shown, or who has been born meanwhile.
    if (living.empty() && process.ended && process.own_cgroup->populated()) return std::nullopt;
  } else {
    if (!list()) return std::nullopt;
    living = trees_[process.run];
    keep_alive(living);
  }
  return living;
}

bool Kin::is_alone(Watched& process) {
  if (process.own_cgroup && !process.own_cgroup->populated()) return true;
  if (!process.own_cgroup && process.our_child) {
    if (descent_) descent_->drain();
    if (descent_ && descent_->complete(process.run)) {
      const bool any = has_descendants(process);
      if (any || descent_->complete(process.run)) return !any;
    }
    if (!std::exchange(looked_, true)) strangers_.look();
    if (strangers_.complete()) return !has_strangers(process.run);
  }
  const auto living = of(process);
  return living && living->empty();
}

// Whoever is dead when it is asked may have forked after the events were read: then there is another one by now.
bool Kin::has_descendants(const Watched& process) {
  const auto lives = [&](const auto& one) {
    const auto stat = read_stat(one.first);
    return one.first != process.pid && stat && (one.second == 0 || stat->start_ticks == one.second) &&
           is_alive({one.first, *stat});
  };
  for (auto asked = descent_->of(process.run);;) {
    if (std::any_of(asked.begin(), asked.end(), lives)) return true;
    descent_->drain();
    auto seen = descent_->of(process.run);
    if (seen == asked) return false;
    asked = std::move(seen);
  }
}

// What one that is over has left is a child of ours by now, and was perhaps not when it was looked for the last time.
bool Kin::has_strangers(RunId run) {
  for (int tries = 0; tries < kTries; ++tries) {
    std::vector<int> over;
    bool unknown = false;
    for (const auto& [pid, one] : strangers_.all()) {
      if (one.over || one.whose.value_or(run) != run) continue;
      if (is_over(one.pidfd)) over.push_back(pid);
      else if (one.whose) return true;
      else unknown = true;
    }
    if (over.empty() && !unknown) return false;
    if (unknown) forest_.reset();
    if (unknown && !list()) return true;
    for (const int pid : over) strangers_.look_at(pid);
    if (!over.empty()) strangers_.look();
    if (!strangers_.complete()) return true;
  }
  return true;
}

std::vector<Process> Kin::strays() {
  if (!list()) return {};
  std::vector<Process> strays = strays_;
  std::erase_if(strays, [this](const Process& one) {
    if (!is_alive(one)) return true;
    // Node's own, perhaps; or known by its cgroup, which a list does not have.
    if (one.stat.parent == getpid() && !strangers_.has(one.pid)) return true;
    const auto path = cgroup_path(one.pid);
    return path && std::any_of(homes_.begin(), homes_.end(), [&](const auto& home) { return is_in(*path, home); });
  });
  return strays;
}

// Whether there is a list.
bool Kin::list() {
  if (forest_) return *forest_;
  forest_ = false;
  trees_.clear();
  strays_.clear();
  for (auto& [run, process] : runs_)
    if (keeps_number(process.pidfd)) process.seen_ticks = ticks_now();
  auto listed = list_processes();
  if (std::holds_alternative<Fault>(listed)) return false;
  const auto& all = std::get<std::vector<Process>>(listed);
  const std::vector<Family> families = this->families();
  auto no_orphans = strangers_.no_orphans(all);
  for (const Family& family : families) no_orphans.erase(family.pid);
  Forest forest = attribute(all, families, getpid(), no_orphans, proc_witnesses());

  // Of one that has ended by now, its witnesses could perhaps not be asked any more.
  for (const Process& one : all) {
    const auto stranger = strangers_.all().find(one.pid);
    if (stranger == strangers_.all().end() || stranger->second.whose || is_over(stranger->second.pidfd)) continue;
    stranger->second.whose = 0;
    stranger->second.start_ticks = one.stat.start_ticks;
  }
  for (size_t n = 0; n < families.size(); ++n) {
    const RunId run = families[n].run;
    note(runs_.at(run), forest.trees[n]);
    trees_.emplace(run, std::move(forest.trees[n]));
  }
  strays_ = std::move(forest.strays);
  forest_ = true;
  return true;
}

std::vector<Family> Kin::families() {
  if (descent_) descent_->drain();
  std::vector<Family> families;
  families.reserve(runs_.size());
  for (auto& [run, process] : runs_) {
    Family& family = families.emplace_back();
    family.run = run;
    family.pid = process.pid;
    family.start_ticks = std::max(process.start_ticks, kLongAgo);
    family.released_ticks = keeps_number(process.pidfd) ? kNever : process.seen_ticks;
    family.mark = process.mark;
    family.out_pipe = process.out_pipe;
    family.err_pipe = process.err_pipe;
    family.is_our_child = process.our_child;
    if (descent_) family.known = descent_->of(run);
    for (const auto& [pid, seen] : process.descendants) family.known.emplace_back(pid, seen.start_ticks);
    std::erase_if(family.known, [own = family.pid](const auto& one) { return one.first == own; });
  }
  return families;
}

// Seen once, they are known; who is gone is forgotten.
void Kin::note(Watched& process, const std::vector<Process>& tree) const {
  Descendants former = std::exchange(process.descendants, {});
  const auto keep = [&](int pid, uint64_t start_ticks, bool is_new) {
    const auto known = former.find(pid);
    if (known != former.end() && known->second.start_ticks == start_ticks)
      process.descendants.emplace(pid, std::move(known->second));
    else if (is_new) process.descendants.emplace(pid, Descendant{start_ticks, {}});
  };
  keep(process.pid, process.start_ticks, false);  // what it was told itself
  for (const Process& one : tree) {
    keep(one.pid, one.stat.start_ticks, true);
    if (const auto stranger = strangers_.all().find(one.pid); stranger != strangers_.all().end())
      stranger->second.whose = process.run;
  }
}

}  // namespace sentry
