// What a run has started, and what of it is left: by its cgroup where it has one, and otherwise by one look at all
// processes, which serves for all runs that ask at that moment (tree.h).
//
// `alone` is asked for at every exit, so it should not cost a list. What has lost its parent is a child of ours
// (strangers.h). So whatever a process that has ended leaves behind is one of these strangers, or below one. Whose a stranger
// is, is asked once, and does not change; and where there is no stranger of a run, nothing of it is left.
#pragma once
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "descent.h"
#include "strangers.h"
#include "tree.h"
#include "watched.h"

namespace sentry {

class Kin {
 public:
  // `look`: for strangers.
  Kin(Runs& runs, Strangers& strangers, std::optional<Descent>& descent, std::function<void()> look)
      : runs_(runs), strangers_(strangers), descent_(descent), look_(std::move(look)) {}

  // What was seen is the past: who asks from now on gets a new list.
  void look_anew() noexcept {
    forest_.reset();
    looked_ = false;
  }

  // What lives of it, without the run's own process. Nothing: that cannot be known now, for there is no list to be had.
  std::optional<std::vector<Process>> of(Watched& process);

  // Of one that has ended, so that nobody new can come from it.
  bool is_alone(Watched& process);

  // What is ours by descent, and of which nothing says whose it is.
  std::vector<Process> strays();

 private:
  bool list();
  std::vector<Family> families();
  void note(Watched& process, const std::vector<Process>& tree) const;
  bool has_descendants(const Watched& process);
  bool has_strangers(RunId run);

  Runs& runs_;
  Strangers& strangers_;
  std::optional<Descent>& descent_;
  const std::function<void()> look_;
  bool looked_ = false;
  // One list, and what it says of all runs.
  std::unordered_map<RunId, std::vector<Process>> trees_;
  std::vector<Process> strays_;
  std::optional<bool> forest_;  // whether there is one; nothing: not yet
};

// Not a zombie; but the zombie of a first thread whose others go on is alive.
bool is_alive(const Process& process);

}  // namespace sentry
