// Processes and runs as a test wants them.
#pragma once
#include <cstdint>

#include "../tree.h"

namespace made_up {

using sentry::Family;
using sentry::Process;

constexpr int kUs = 50, kOutside = 40;  // us, and the session that we were started in

inline Process made(int pid, int parent, int session, uint64_t start = 100) {
  Process process{pid, {}};
  process.stat.state = 'S';
  process.stat.parent = parent;
  process.stat.session = process.stat.group = session;
  process.stat.start_ticks = start;
  return process;
}

inline Family run_of(int pid, uint64_t start = 100) {
  Family family;
  family.run = pid;
  family.pid = pid;
  family.start_ticks = start;
  return family;
}

// Of another Sentry, which is gone; its processes were left to init.
inline Family left_run_of(int pid, uint64_t start = 100) {
  Family family = run_of(pid, start);
  family.is_our_child = false;
  return family;
}

}  // namespace made_up
