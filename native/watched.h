// The processes of the runs, as the waiting thread has them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cgroup.h"
#include "channels.h"
#include "exit_times.h"
#include "fact.h"
#include "fd.h"

namespace sentry {

// A process that a run has started, by its pid: seen once, it is known however it detaches itself afterwards.
struct Descendant {
  uint64_t start_ticks = 0;
  std::vector<int> signals;  // what it was told by us
};
using Descendants = std::unordered_map<int, Descendant>;

// A process that is taken up from an earlier image, or from a Sentry that is gone; and the same when it is left.
struct Adopted {
  RunId run = 0;
  int pid = 0;
  uint64_t start_ticks = 0;  // 0: to be found out (identity.h)
  Fd pidfd;
  bool ended = false;  // its exit has been posted; what is left to do is reap()
  int64_t inherited_rss = 0;
  std::optional<Threads> threads{};  // as its events were counted; nothing where they were not
  std::string kept{};                // part of what the keeper has its pidfd under
  std::string mark{};                // by these it is known what it has started: tree.h
  ino_t out_pipe = 0;
  ino_t err_pipe = 0;
  std::string cgroup{};         // empty: it has none of its own
  Channels channels{};          // with a name and no socket: it is to be bound anew
  Descendants descendants{};    // as far as they were seen; with the process itself, once it was told a signal
};

struct Watched : Adopted {
  std::optional<Cgroup> own_cgroup{};
  bool newborn = false;     // started by this image
  bool our_child = true;    // or the child of one: what it leaves behind comes to us
  int group = 0;            // its process group, where /proc says no other
  uint64_t seen_ticks = 0;  // its number was its own then, in ticks since the boot
  int64_t over_ns = 0;      // when its end was seen first
  int64_t user_us = 0;      // of a zombie that is not our child
  int64_t system_us = 0;
  // Those in whose place it was taken up, from the first on: zombies, each until its reap().
  struct Former { int pid; Fd pidfd; };
  std::vector<Former> formers{};
};

using Runs = std::unordered_map<RunId, Watched>;

}  // namespace sentry
