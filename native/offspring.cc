#include "offspring.h"

#include <algorithm>

namespace sentry {

namespace {

constexpr uint64_t kTick = 1;   // two clocks are read one after the other: so far may a stamp be off
constexpr size_t kFew = 1024;   // of so many it does not matter how many have ended

}  // namespace

Offspring::Offspring(StartOf start_of, uint64_t since, size_t strangers)
    : start_of_(std::move(start_of)), crowd_(kFew), since_(since), strangers_(strangers) {}

void Offspring::watch(RunId run, int pid, uint64_t start_ticks, bool complete) {
  const auto [found, is_new] = runs_.try_emplace(run);
  found->second.own = pid;
  found->second.complete = found->second.complete && complete && (!is_new || start_ticks > since_);
  enter(pid, {run, start_ticks});
  take_of_strangers();
}

void Offspring::add(RunId run, int pid, uint64_t start_ticks) {
  const auto known = members_.find(pid);
  const bool is_known = known != members_.end() && start_ticks <= known->second.start_ticks + kTick;
  if (is_known || !runs_.contains(run)) return;
  enter(pid, {run, start_ticks});
  take_of_strangers();
}

void Offspring::forget(RunId run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  for (const int pid : found->second.members) members_.erase(pid);
  runs_.erase(found);
}

std::vector<std::pair<int, uint64_t>> Offspring::of(RunId run) const {
  std::vector<std::pair<int, uint64_t>> found;
  const auto asked = runs_.find(run);
  if (asked == runs_.end()) return found;
  for (const int pid : asked->second.members) {
    if (pid == asked->second.own) continue;
    if (const auto start = start_there(pid, members_.at(pid))) found.emplace_back(pid, *start);
  }
  return found;
}

bool Offspring::complete(RunId run) const {
  const auto found = runs_.find(run);
  return found != runs_.end() && found->second.complete;
}

void Offspring::take(const std::vector<Fork>& forks, std::optional<uint64_t> lost_by) {
  if (lost_by) {
    since_ = *lost_by;
    for (auto& [id, run] : runs_) run.complete = false;
    std::fill(strangers_.begin(), strangers_.end(), Fork{});
  }
  for (const Fork& fork : forks) {
    if (!take_one(fork, !lost_by)) remember_stranger(fork);
  }
  drop_gone();
  if (lost_by || members_.size() > crowd_) mark_gone();
  if (lost_by) drop_gone();
}

bool Offspring::take_one(const Fork& fork, bool nothing_lost) {
  const auto former = members_.find(fork.child);
  const bool is_known = former != members_.end() && !is_given_away(fork, former->second);
  if (former != members_.end() && !is_known) drop(fork.child);
  const auto parent = members_.find(fork.parent);
  if (parent == members_.end()) return false;
  const bool is_parent = fork.ticks + kTick >= parent->second.start_ticks &&  // and not one before it with its number
                         (nothing_lost || start_there(fork.parent, parent->second));
  if (is_parent && !is_known) enter(fork.child, {parent->second.run, fork.ticks});
  return true;
}

// Whether the number was given to a new process by this fork, and is not the former one's own birth, or one before that.
// The parent may have lost its CPU between the start and the stamp, so a stamp that is late is not enough.
bool Offspring::is_given_away(const Fork& fork, const Member& former) const {
  return fork.ticks > former.start_ticks + kTick && start_of_(fork.child) != former.start_ticks;
}

void Offspring::remember_stranger(const Fork& fork) {
  Fork& oldest = strangers_[next_stranger_];
  since_ = std::max(since_, oldest.ticks);
  oldest = fork;
  next_stranger_ = (next_stranger_ + 1) % strangers_.size();
}

void Offspring::take_of_strangers() {
  for (size_t n = 0; n < strangers_.size(); ++n) {
    Fork& fork = strangers_[(next_stranger_ + n) % strangers_.size()];
    if (fork.child != 0 && take_one(fork, true)) fork = {};
  }
}

std::optional<uint64_t> Offspring::start_there(int pid, const Member& member) const {
  const auto start = start_of_(pid);
  return start && *start <= member.start_ticks + kTick ? start : std::nullopt;
}

void Offspring::enter(int pid, Member member) {
  drop(pid);
  members_.emplace(pid, member);
  runs_.at(member.run).members.insert(pid);
}

void Offspring::drop(int pid) {
  const auto found = members_.find(pid);
  if (found == members_.end()) return;
  runs_.at(found->second.run).members.erase(pid);
  members_.erase(found);
}

void Offspring::mark_gone() {
  for (const auto& [pid, member] : members_) {
    if (!start_there(pid, member)) gone_.emplace_back(pid, member.start_ticks);
  }
  crowd_ = std::max(kFew, 2 * (members_.size() - gone_.size()));
}

void Offspring::drop_gone() {
  for (const auto& [pid, start_ticks] : gone_) {
    const auto found = members_.find(pid);
    if (found != members_.end() && found->second.start_ticks == start_ticks) drop(pid);
  }
  gone_.clear();
}

}  // namespace sentry
