// /proc/PID/stat: what the kernel tells anybody about a process, also about a zombie. proc_pid_stat(5).
//
// The name of a program stands between brackets and may itself hold brackets, spaces and newlines, so the fields are
// counted from the last closing one.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace sentry {

struct ProcStat {
  char state = 0;              // field 3: 'Z' for a zombie
  uint64_t user_ticks = 0;     // 14, 15: CPU time of all its threads, also of those that have ended
  uint64_t system_ticks = 0;
  uint64_t start_ticks = 0;    // 22: clock ticks between the boot and its start
  uint32_t wait_status = 0;    // 52: of a zombie, as wait(2) gives it; 0 for those who may not trace the process
};

// Nothing where a field is missing.
std::optional<ProcStat> parse_stat(std::string_view text) noexcept;

// Nothing where there is no such process, or where /proc is not to be had.
std::optional<ProcStat> read_stat(int pid) noexcept;

}  // namespace sentry
