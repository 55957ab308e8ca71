// All processes that there are, from one pass over /proc, and what whole trees of them use. proc(5), proc_pid_stat(5).
//
// A thousand supervised processes cost one pass: each process of the machine is read once, and then belongs to at most
// one of the roots. How it is found to which, and what is lost, says claims.h: who has left the session of his root, and
// has then lost his parent, is found by cgroups, but not in /proc.
#pragma once
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "fault.h"
#include "proc_stat.h"

namespace sentry {

struct Process {
  int pid = 0;
  ProcStat stat;
};

// Why the files of a process cannot be read: it is gone, or it is not shown to us. Any other errno is a lack of ours, of
// descriptors most of all, and says nothing of the process.
bool is_gone_or_hidden(int error) noexcept;

// Those whose files may be read: with the mount option hidepid, an ordinary user sees its own only. All of them, or a Fault.
std::variant<std::vector<Process>, Fault> list_processes();

struct Root {
  int pid = 0;
  uint64_t start_ticks = 0;  // 0: whoever has the number
};

struct Consumption {
  double cpu_ms = 0;          // also of descendants that have ended and were waited for
  uint64_t memory_bytes = 0;  // resident; what several processes share is counted once for each of them
};

// In the order of the roots; nothing for one that is not in the list. A root below another has its tree for itself.
// Takes time in proportion to the two lists, whatever the shape of the trees.
std::vector<std::optional<Consumption>> consumption(const std::vector<Process>& all, const std::vector<Root>& roots);

}  // namespace sentry
