#include "kin.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "identity.h"
#include "waiting.h"

namespace sentry {

namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
// Of a process that had been reaped before it was taken up: whatever bears its number now is another.
constexpr uint64_t kLongAgo = 1;

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
    for (const int pid : process.own_cgroup->processes()) {
      if (pid == process.pid) continue;
      if (const auto stat = read_stat(pid)) living.push_back({pid, *stat});
    }
  } else {
    if (!list()) return std::nullopt;
    living = trees_[process.run];
  }
  keep_alive(living);
  return living;
}

bool Kin::is_alone(Watched& process) {
  if (process.own_cgroup && !process.own_cgroup->populated()) return true;
  if (!process.own_cgroup && process.our_child) {
    if (descent_) descent_->drain();
    if (descent_ && descent_->complete(process.run)) return !has_descendants(process);
    if (!std::exchange(looked_, true)) look_();
    if (strangers_.complete()) return !has_strangers(process.run);
  }
  const auto living = of(process);
  return living && living->empty();
}

bool Kin::has_descendants(const Watched& process) {
  const auto seen = descent_->of(process.run);
  return std::any_of(seen.begin(), seen.end(), [&](const auto& one) {
    const auto stat = read_stat(one.first);
    return one.first != process.pid && stat && (one.second == 0 || stat->start_ticks == one.second) &&
           is_alive({one.first, *stat});
  });
}

bool Kin::has_strangers(RunId run) {
  auto& all = strangers_.all();
  if (std::any_of(all.begin(), all.end(), [](const auto& one) { return !one.second.whose; })) {
    forest_.reset();
    if (!list()) return true;
  }
  return std::any_of(all.begin(), all.end(), [run](const auto& one) {
    return one.second.whose.value_or(run) == run && !is_over(one.second.pidfd);
  });
}

std::vector<Process> Kin::strays() {
  if (!list()) return {};
  std::vector<Process> strays = strays_;
  std::erase_if(strays, [this](const Process& one) {
    if (!is_alive(one)) return true;
    // Node's own, perhaps; or known by its cgroup, which a list does not have.
    if (one.stat.parent == getpid() && !strangers_.has(one.pid)) return true;
    const auto path = cgroup_path(one.pid);
    return path && std::any_of(runs_.begin(), runs_.end(), [&](const auto& run) {
      return !run.second.cgroup.empty() && is_in(*path, run.second.cgroup);
    });
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
  Forest forest = attribute(all, families, getpid(), strangers_.no_orphans(all), proc_witnesses());

  std::unordered_set<int> seen;
  for (const Process& one : all) seen.insert(one.pid);
  for (auto& [pid, stranger] : strangers_.all())
    if (seen.contains(pid) && !stranger.whose) stranger.whose = 0;
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
