// By what a run tells of itself, besides its output: its socket for sd_notify(3), and a pipe for a newline. Each is there
// only where it was asked for.
//
// Both are made before the clone, and the keeper has them before the child has: what is said while Sentry is being
// replaced, or was killed, waits in them. They do not keep the keeper alive: all that they could tell is how a process is
// that nobody supervises.
#pragma once
#include <string>

#include "fd.h"
#include "keeper_link.h"

namespace sentry {

struct Channels {
  std::string notify_name{};  // empty: there is no socket
  Fd notify{};
  Fd ready{};  // the pipe's read end
};

// At the keeper, under `notify `, `ready ` and what the run's other descriptors are kept under.
void hold(KeeperLink& keeper, const std::string& kept, const Channels& channels) noexcept;
void release(KeeperLink& keeper, const std::string& kept, Channels channels);
void release_ready(KeeperLink& keeper, const std::string& kept) noexcept;

}  // namespace sentry
