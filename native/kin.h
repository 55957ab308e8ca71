// What a run has started, and what of it is left: by its cgroup where it has one, and otherwise by one look at all
// processes, which serves for all runs that ask at that moment (tree.h).
//
// `alone` is asked for at every exit, so it should not cost a list. What has lost its parent is a child of ours
// (strangers.h). So whatever a process that has ended leaves behind is one of these strangers, or below one. Whose a stranger
// is, is asked once; one that is nobody's is asked again when a run has become known that was there before it. Where there is
// no stranger of a run, nothing of it is left.
//
// All of them may fork and end while they are looked at, as the daemons of the old school do. So "nobody is left" is
// believed only when nobody has ended, and nobody has come, since the look before.
#pragma once
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "descent.h"
#include "strangers.h"
#include "tree.h"
#include "watched.h"

namespace sentry {

class Kin {
 public:
  Kin(Runs& runs, Strangers& strangers, std::optional<Descent>& descent)
      : runs_(runs), strangers_(strangers), descent_(descent) {}

  // What was seen is the past: who asks from now on gets a new list.
  void look_anew() noexcept {
    forest_.reset();
    looked_ = false;
  }

  // What lives of it, without the run's own process. Nothing: that cannot be known now, for there is no list to be had.
  std::optional<std::vector<Process>> of(Watched& process);

  // Of one that has ended, so that nobody new can come from it.
  bool is_alone(Watched& process);

  // Of a run's cgroup. All that is in the one above it is of our runs, of one that is over as well, and so it is no stray.
  void know_cgroup(const std::string& path) { homes_.insert(path.substr(0, path.rfind('/'))); }
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
  std::unordered_set<std::string> homes_;  // the cgroups in which those of the runs were made
  bool looked_ = false;
  // One list, and what it says of all runs.
  std::unordered_map<RunId, std::vector<Process>> trees_;
  std::vector<Process> strays_;
  std::optional<bool> forest_;  // whether there is one; nothing: not yet
};

// Not a zombie; but the zombie of a first thread whose others go on is alive.
bool is_alive(const Process& process);

}  // namespace sentry
