// Whose process is it? From one pass over /proc, for every run that asks: what it has started, directly or not, however
// that has detached itself. For where there is no cgroup, which would simply know.
//
// What says that a process P belongs to the tree of a run, in the order in which it is asked:
//
//   descent    its parent, or its parent's parent …, is of the tree. A parent that is younger than its child is none: its
//              number was given to somebody else.
//   session    it bears the number of a session, or of a process group, that the run's process leads (each run is started
//              as a leader), or that another process of the tree leads. That number is nobody else's while the leader is
//              there, as a zombie too. Once the leader has been reaped (`released_ticks`), only what was started before that
//              moment is believed. How sessions and groups are walked: claims.h.
//   forks      the kernel's process events have shown each fork between the run's process and it (descent.h).
//   acquaintance   it was seen in this tree before, by its pid and start time.
//
// The rest only of orphans that became ours (a subreaper's), or, for runs which are not our children, of orphans of
// whoever they were left to; all of these are asked after, and of nobody else:
//
//   mark       SENTRY_RUN in its environment is the run's. proc_pid_environ(5)
//   pipe       its stdout or stderr is the run's own pipe.
//
// Whatever is a descendant of an orphan goes with it. An orphan that became ours and of which nothing says whose it is,
// is a stray: it is of one of our runs, nobody can say of which, and it is listed and never signalled.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "fact.h"
#include "proc.h"

namespace sentry {

// A run, as far as its tree is concerned.
struct Family {
  RunId run = 0;
  int pid = 0;  // of the run's process, which may have ended
  uint64_t start_ticks = 0;
  // When its number may have been given to somebody else, in ticks since the boot; nothing: it is still its own. Of one that
  // is not our child, and not in the list, that is not believed: somebody else has reaped it, and nobody knows when.
  std::optional<uint64_t> released_ticks;
  std::string mark;    // empty: none
  ino_t out_pipe = 0;  // 0: not known
  ino_t err_pipe = 0;
  bool is_our_child = true;  // what it leaves behind becomes our child, and not somebody else's
  // By other ways than /proc, or by an earlier pass: pid and start time (0: whatever has that pid).
  std::vector<std::pair<int, uint64_t>> known;
};

// Looked up only for orphans, of which there are few.
struct Witnesses {
  // SENTRY_RUN of a process; nothing where there is none, or where we may not look.
  std::function<std::optional<std::string>(int pid)> mark;
  // The inode numbers of the pipes that are its stdout and stderr; 0 where it is none, or where we may not look.
  std::function<std::pair<ino_t, ino_t>(int pid)> pipes;
};
// By /proc.
Witnesses proc_witnesses();

struct Forest {
  // Of each family, in their order: the processes of its tree, but not its own one. Zombies are among them.
  std::vector<std::vector<Process>> trees;
  std::vector<Process> strays;
};

// `us`: our own pid. `not_strays`: children of ours that are no orphans (Node's, the keeper) and not among the families;
// whatever descends from them is left alone as well.
Forest attribute(const std::vector<Process>& all, const std::vector<Family>& families, int us,
                 const std::unordered_set<int>& not_strays, const Witnesses& witnesses);

}  // namespace sentry
