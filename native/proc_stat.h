// /proc/PID/stat: what the kernel tells anybody about a process, also about a zombie. proc_pid_stat(5).
//
// The name of a program stands between brackets and may itself hold brackets, spaces and newlines, so the fields are
// counted from the last closing one.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sentry {

struct ProcStat {
  std::string name;                   // field 2: of its program, at most 15 bytes, some of them escaped; any bytes
  char state = 0;                     // 3: 'Z' for a zombie
  int parent = 0;                     // 4: 0 where it is outside of our pid namespace, as for 5 and 6
  int group = 0;                      // 5: -1 while it is being reaped, as for 6
  int session = 0;                    // 6
  uint64_t user_ticks = 0;            // 14, 15: CPU time of all its threads, also of those that have ended
  uint64_t system_ticks = 0;
  uint64_t children_user_ticks = 0;   // 16, 17: of descendants that have ended and were waited for
  uint64_t children_system_ticks = 0;
  uint64_t start_ticks = 0;           // 22: clock ticks between the boot and its start
  uint64_t resident_pages = 0;        // 24: shared ones included
  uint64_t environment_end = 0;       // 51: an address; 0 as well in the middle of an execve(2), and as for 52
  uint32_t wait_status = 0;           // 52: of a zombie, as wait(2) gives it; 0 for those who may not trace the process
};

// Nothing where a field is missing.
std::optional<ProcStat> parse_stat(std::string_view text) noexcept;

// Nothing where there is no such process, or where /proc is not to be had.
std::optional<ProcStat> read_stat(int pid) noexcept;

// The same of the file at that path, from a folder that is open, as openat(2) has it.
std::optional<ProcStat> read_stat_at(int folder, const char* path) noexcept;

}  // namespace sentry
