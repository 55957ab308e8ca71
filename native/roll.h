// The roll of the runs' processes: how one gets on it, how another takes its place, and how it is struck off. Belongs to the
// waiting thread.
#pragma once
#include <optional>

#include "descent.h"
#include "ending.h"
#include "exits.h"
#include "keeper_link.h"
#include "kin.h"
#include "spawner.h"
#include "strangers.h"
#include "watched.h"

namespace sentry {

// A process that was just born, and one of an earlier image.
Watched newly_born(const Child& child, Fd pidfd);
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
    KeeperLink& keeper;
    const Post& post;
  };
  explicit Roll(Parts parts) : parts_(parts) {}

  void take_up(Watched process);
  // Answered by a FollowedFact or an AstrayFact.
  void follow(RunId run, std::optional<int> pid);
  // Of a run whose exit was posted; of one that was followed, only the one before is reaped.
  void reap(RunId run);
  // All of them, for the next image.
  std::vector<Adopted> give_away();

 private:
  void replace(Watched& process, const Process& successor, Fd pidfd);
  void reap_former(Watched& process);

  Parts parts_;
};

}  // namespace sentry
