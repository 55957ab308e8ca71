#include "claims.h"

#include <utility>

namespace sentry {

Claims::Claims(const std::vector<Process>& all)
    : all_(all), owners_(all.size(), kNone), first_child_(all.size(), kNone), next_sibling_(all.size(), kNone) {
  places_.reserve(all.size());
  for (size_t place = 0; place < all.size(); ++place) places_.emplace(all[place].pid, place);
  for (size_t place = 0; place < all.size(); ++place) {
    const ProcStat& stat = all[place].stat;
    const auto is_younger = [&](size_t one) { return all[one].stat.start_ticks > stat.start_ticks; };
    if (const size_t parent = find(stat.parent); parent != kNone && !is_younger(parent))
      next_sibling_[place] = std::exchange(first_child_[parent], place);
    // 0: a session from outside of our pid namespace. A leader that is younger has got the number of the one that it had.
    const size_t leader = find(stat.session);
    if (stat.session > 0 && (leader == kNone || !is_younger(leader))) sessions_[stat.session].push_back(place);
  }
}

size_t Claims::find(int pid, uint64_t start_ticks) const {
  const auto found = places_.find(pid);
  if (found == places_.end()) return kNone;
  return start_ticks == 0 || all_[found->second].stat.start_ticks == start_ticks ? found->second : kNone;
}

void Claims::claim_alone(size_t place, size_t owner) {
  if (owners_[place] == kNone) owners_[place] = owner;
}

void Claims::claim(size_t place, size_t owner) {
  if (owners_[place] != kNone) return;
  owners_[place] = owner;
  fresh_.push_back(place);
}

void Claims::claim_session(int leader, uint64_t from, uint64_t before, size_t owner) {
  const auto session = sessions_.find(leader);
  if (session == sessions_.end() || find(leader) != kNone) return;
  for (const size_t member : session->second) {
    const uint64_t started = all_[member].stat.start_ticks;
    if (started >= from && started < before) claim(member, owner);
  }
  sessions_.erase(session);
}

// Children first: nothing says more than a parent.
void Claims::spread(const std::function<bool(size_t, size_t)>& was_left) {
  Places claimed;
  while (!fresh_.empty()) {
    while (!fresh_.empty()) {
      claimed.push_back(fresh_.back());
      fresh_.pop_back();
      claim_children(claimed.back());
    }
    for (const size_t place : claimed) claim_session_of(place, was_left);
    claimed.clear();
  }
}

void Claims::claim_children(size_t parent) {
  for (size_t child = first_child_[parent]; child != kNone; child = next_sibling_[child]) claim(child, owners_[parent]);
}

void Claims::claim_session_of(size_t member, const std::function<bool(size_t, size_t)>& was_left) {
  const auto session = sessions_.find(all_[member].stat.session);
  if (session == sessions_.end()) return;
  const size_t leader = find(session->first);
  if (leader != kNone && leader != member) return;  // it is the leader who says whose they are
  for (const size_t other : session->second) {
    if (leader == member || was_left(other, owners_[member])) claim(other, owners_[member]);
  }
  sessions_.erase(session);
}

}  // namespace sentry
