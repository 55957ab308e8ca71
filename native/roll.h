// The roll of the runs' processes: how one gets on it, how another takes its place, and how it is struck off. Belongs to the
// waiting thread.
#pragma once
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "descent.h"
#include "ending.h"
#include "exits.h"
#include "keeper_link.h"
#include "kin.h"
#include "notices.h"
#include "spawner.h"
#include "strangers.h"
#include "watched.h"

namespace sentry {

// A process that was just born, and one of an earlier image.
Watched newly_born(const Child& child, Fd pidfd, Channels channels);
Watched taken_over(Adopted process);

class Roll {
 public:
  struct Parts {
    Runs& runs;
    Strangers& strangers;
    std::optional<Descent>& descent;
    Exits& exits;
    Kin& kin;
    Endings& endings;
    Notices& notices;
    KeeperLink& keeper;
    const Post& post;
  };
  explicit Roll(Parts parts) : parts_(parts) {}

  // A child of ours is known to be one (strangers.h).
  void take_up(Watched process);
  // Answered by a FollowedFact or an AstrayFact. One that was asked for by a pid, and was not there, may still come.
  void follow(RunId run, std::optional<int> pid);
  // Whoever was not there will not come any more, where nothing is left: another AstrayFact. To be called when strangers have
  // come or gone.
  void give_up_searches();
  // Of a run whose exit was posted; of one that was followed, only the one before is reaped.
  void reap(RunId run);
  // All of them, for the next image.
  std::vector<Adopted> give_away();

 private:
  std::optional<std::vector<Process>> nameable(Watched& process);
  void replace(Watched& process, const Process& successor, Fd pidfd);
  void remove_cgroup(Watched& process);
  void reap_former(Watched& process);

  Parts parts_;
  std::unordered_set<RunId> sought_;       // by a pid that was not there
  std::vector<std::string> left_cgroups_;  // of runs that were reaped: something ran there
};

}  // namespace sentry
