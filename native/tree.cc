#include "tree.h"

#include <limits>
#include <unordered_map>

#include "claims.h"

namespace sentry {

namespace {

constexpr size_t kNone = Claims::kNone;

// What orphans are known by.
struct Signs {
  std::unordered_map<std::string, size_t> marks;
  std::unordered_map<ino_t, size_t> pipes;

  void add(const Family& family, size_t owner) {
    if (!family.mark.empty()) marks.emplace(family.mark, owner);
    for (const ino_t pipe : {family.out_pipe, family.err_pipe}) {
      if (pipe != 0) pipes.emplace(pipe, owner);
    }
  }

  size_t owner_of(int pid, const Witnesses& witnesses) const {
    if (const auto mark = marks.empty() ? std::nullopt : witnesses.mark(pid)) {
      if (const auto found = marks.find(*mark); found != marks.end()) return found->second;
    }
    if (pipes.empty()) return kNone;
    const auto [out, err] = witnesses.pipes(pid);
    auto found = pipes.find(out);
    if (found == pipes.end()) found = pipes.find(err);
    return found == pipes.end() ? kNone : found->second;
  }
};

// Asks one kind of witness after the other. What a later one says never changes what an earlier one has said.
class Search {
 public:
  Search(const std::vector<Process>& all, const std::vector<Family>& families, int us)
      : all_(all), families_(families), us_(us), claims_(all) {}

  Forest result(const std::unordered_set<int>& not_strays, const Witnesses& witnesses) {
    set_us_apart();
    note_ancestors();
    claim_own(not_strays);
    claim_sessions();
    claim_known();
    claim_orphans(witnesses);
    claim_strays();
    return forest();
  }

 private:
  // Owners besides the families, which have their places in their list.
  size_t spared() const { return families_.size(); }
  size_t stray() const { return families_.size() + 1; }

  // Our session is that of whoever has started us, and of Node's children; each run has left it. Should we be a descendant
  // of one of the runs, we are not to be signalled for it.
  void set_us_apart() {
    const size_t place = claims_.find(us_);
    if (place == kNone) return;
    claims_.claim_alone(place, spared());
    claims_.ignore_session(all_[place].stat.session);
  }

  // Those of another Sentry, which is gone, were left to the nearest subreaper above it, which may well be above us too.
  void note_ancestors() {
    for (size_t place = claims_.find(us_); place != kNone;) {
      const int parent = all_[place].stat.parent;
      if (parent == 0 || !heirs_.insert(parent).second) return;
      place = claims_.find(parent);
    }
  }

  void claim_own(const std::unordered_set<int>& not_strays) {
    for (size_t family = 0; family < families_.size(); ++family) {
      own_.push_back(claims_.find(families_[family].pid, families_[family].start_ticks));
      if (own_.back() == kNone) continue;
      claims_.claim(own_.back(), family);
      if (!families_[family].is_our_child) note_heir(own_.back());
    }
    for (const int pid : not_strays) {
      if (const size_t place = claims_.find(pid); place != kNone) claims_.claim(place, spared());
    }
    spread();
  }

  // Of those that are in the list they are claimed already. A number is its process's own until that is reaped: by us only
  // when we mean it, by others without a word.
  void claim_sessions() {
    for (size_t family = 0; family < families_.size(); ++family) {
      const Family& one = families_[family];
      if (own_[family] != kNone) continue;
      const uint64_t kept = one.is_our_child ? std::numeric_limits<uint64_t>::max() : 0;
      claims_.claim_session(one.pid, one.start_ticks, one.released_ticks.value_or(kept), family);
    }
    spread();
  }

  // Where two families know it, neither does.
  void claim_known() {
    std::unordered_map<size_t, size_t> known;
    for (size_t family = 0; family < families_.size(); ++family) {
      for (const auto& [pid, start_ticks] : families_[family].known) {
        const size_t place = claims_.find(pid, start_ticks);
        if (place == kNone) continue;
        const auto [first, is_first] = known.try_emplace(place, family);
        if (!is_first && first->second != family) first->second = kNone;
      }
    }
    for (const auto& [place, family] : known) {
      if (family == kNone) continue;
      claims_.claim(place, family);
      if (!families_[family].is_our_child) note_heir(place);
    }
    spread();
  }

  void claim_orphans(const Witnesses& witnesses) {
    Signs of_ours, of_others;
    for (size_t family = 0; family < families_.size(); ++family) {
      (families_[family].is_our_child ? of_ours : of_others).add(families_[family], family);
    }
    for (size_t place = 0; place < all_.size(); ++place) {
      if (claims_.owner(place) != kNone || !(was_left_to_us(place) || was_left_to_others(place))) continue;
      const size_t family = (was_left_to_us(place) ? of_ours : of_others).owner_of(all_[place].pid, witnesses);
      if (family != kNone) claims_.claim(place, family);
    }
    spread();
  }

  void claim_strays() {
    for (size_t place = 0; place < all_.size(); ++place) {
      if (was_left_to_us(place)) claims_.claim(place, stray());
    }
    spread();
  }

  void spread() {
    claims_.spread([this](size_t place, size_t owner) {
      const bool is_ours = owner >= families_.size() || families_[owner].is_our_child;
      return is_ours ? was_left_to_us(place) : was_left_to_others(place);
    });
  }

  // Or is a child of ours, and of interest only where nobody has claimed it as such.
  bool was_left_to_us(size_t place) const { return all_[place].stat.parent == us_; }
  bool was_left_to_others(size_t place) const { return heirs_.contains(all_[place].stat.parent); }
  // 0 is somebody outside of our pid namespace, who inherits nobody.
  void note_heir(size_t of) {
    if (all_[of].stat.parent != 0) heirs_.insert(all_[of].stat.parent);
  }

  Forest forest() const {
    Forest found;
    found.trees.resize(families_.size());
    for (size_t place = 0; place < all_.size(); ++place) {
      const size_t owner = claims_.owner(place);
      if (owner == stray()) found.strays.push_back(all_[place]);
      if (owner < families_.size() && own_[owner] != place) found.trees[owner].push_back(all_[place]);
    }
    return found;
  }

  const std::vector<Process>& all_;
  const std::vector<Family>& families_;
  const int us_;
  Claims claims_;
  std::vector<size_t> own_;  // the place of each family's own process
  // Whom the orphans of runs which are not our children were left to: init, another subreaper above us, or whoever has got
  // such a run itself.
  std::unordered_set<int> heirs_{1};
};

}  // namespace

Forest attribute(const std::vector<Process>& all, const std::vector<Family>& families, int us,
                 const std::unordered_set<int>& not_strays, const Witnesses& witnesses) {
  return Search(all, families, us).result(not_strays, witnesses);
}

}  // namespace sentry
