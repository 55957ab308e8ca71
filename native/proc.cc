#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

#include "claims.h"

namespace sentry {

namespace {

struct Close {
  void operator()(DIR* folder) const noexcept { closedir(folder); }
};

// 0: the name is none.
int pid_of(const char* name) noexcept {
  int pid = 0;
  const char* const end = name + std::strlen(name);
  const auto [rest, error] = std::from_chars(name, end, pid);
  return error == std::errc{} && rest == end ? pid : 0;
}

uint64_t cpu_ticks(const ProcStat& stat) noexcept {
  return stat.user_ticks + stat.system_ticks + stat.children_user_ticks + stat.children_system_ticks;
}

}  // namespace

bool is_gone_or_hidden(int error) noexcept {
  return error == ENOENT || error == ESRCH || error == EACCES || error == EPERM;
}

std::variant<std::vector<Process>, Fault> list_processes() {
  const std::unique_ptr<DIR, Close> folder(opendir("/proc"));  // born CLOEXEC
  if (!folder) return Fault{"opendir", errno, "/proc"};
  std::vector<Process> all;
  for (errno = 0; const dirent* item = readdir(folder.get()); errno = 0) {
    const int pid = pid_of(item->d_name);
    if (pid == 0) continue;
    char path[32];
    std::snprintf(path, sizeof path, "%d/stat", pid);
    if (const auto stat = read_stat_at(dirfd(folder.get()), path)) all.push_back({pid, *stat});
    else if (errno != 0 && !is_gone_or_hidden(errno)) return Fault{"open", errno, "/proc/" + std::string(path)};
  }
  if (errno != 0) return Fault{"readdir", errno, "/proc"};
  return all;
}

std::vector<std::optional<Consumption>> consumption(const std::vector<Process>& all, const std::vector<Root>& roots) {
  Claims claims(all);
  std::vector<size_t> planted;
  planted.reserve(roots.size());
  for (const Root& root : roots) {
    planted.push_back(claims.find(root.pid, root.start_ticks));
    if (planted.back() != Claims::kNone) claims.claim(planted.back(), planted.back());
  }
  claims.spread([](size_t, size_t) { return true; });

  static const double tick_ms = 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  static const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::vector<Consumption> sums(all.size());
  for (size_t process = 0; process < all.size(); ++process) {
    const size_t root = claims.owner(process);
    if (root == Claims::kNone) continue;
    sums[root].cpu_ms += tick_ms * static_cast<double>(cpu_ticks(all[process].stat));
    sums[root].memory_bytes += page_bytes * all[process].stat.resident_pages;
  }

  std::vector<std::optional<Consumption>> found;
  found.reserve(roots.size());
  for (const size_t root : planted) found.push_back(root == Claims::kNone ? std::nullopt : std::optional(sums[root]));
  return found;
}

}  // namespace sentry
