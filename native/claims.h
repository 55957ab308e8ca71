// Whose is which process of a list? Somebody claims a few of them, and his claims spread: from a process to its children,
// and through sessions.
//
// A child is whose its parent is, so the nearest claim above it counts. A pass over /proc is not a snapshot: processes
// come, go, and leave their numbers to others while it goes on. So a parent that is younger than its child is not its
// parent. Claims go downward only, so it does not matter if what was read makes a circle.
//
// A session is whose its leader is. It is left only for one's own, by setsid(2), and is entered by nothing but birth: all
// who bear its number descend from the leader. Where that one is gone, its number is nobody else's while one of them
// lives: then who was left in it is whose the others are. This needs no word about process groups: each lies within one
// session (setpgid(2)).
//
// All of it takes time in proportion to the list, whatever the shape of the trees.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "proc.h"

namespace sentry {

// A process is named by its place in the list.
class Claims {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);  // no place, and nobody

  // The list must stay where it is.
  explicit Claims(const std::vector<Process>& all);

  // kNone where it is not in the list. 0: whatever bears that number.
  size_t find(int pid, uint64_t start_ticks = 0) const;
  size_t owner(size_t place) const { return owners_[place]; }

  // Who came first keeps it.
  void claim(size_t place, size_t owner);
  // It is the owner's, and nothing is to follow from that.
  void claim_alone(size_t place, size_t owner);
  // All in the session of a leader that is gone, as far as they were started in [from, before).
  void claim_session(int leader, uint64_t from, uint64_t before, size_t owner);
  // Nothing is to follow from this session.
  void ignore_session(int leader) { sessions_.erase(leader); }

  // `was_left`: this process may have lost a parent that was the owner's. Asked where a session has lost its leader.
  void spread(const std::function<bool(size_t place, size_t owner)>& was_left);

 private:
  using Places = std::vector<size_t>;

  void claim_children(size_t parent);
  void claim_session_of(size_t member, const std::function<bool(size_t, size_t)>& was_left);

  const std::vector<Process>& all_;
  std::vector<size_t> owners_;
  std::unordered_map<int, size_t> places_;
  std::vector<size_t> first_child_, next_sibling_;
  std::unordered_map<int, Places> sessions_;  // by the leader's number: who bears it
  Places fresh_;                              // claimed, and their children not yet
};

}  // namespace sentry
