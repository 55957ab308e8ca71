#include "cgroup_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "fd.h"

namespace sentry {

namespace {

constexpr long kCgroup2Magic = 0x63677270;  // CGROUP2_SUPER_MAGIC of linux/magic.h

std::string_view cut(std::string_view& text, char at) noexcept {
  const size_t end = std::min(text.find(at), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool is_octal(char c) noexcept { return c >= '0' && c <= '7'; }

// Space, tab, newline and backslash are \040, \011, \012 and \134 there.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t n = 0; n < text.size(); ++n) {
    if (text[n] == '\\' && n + 3 < text.size() && is_octal(text[n + 1]) && is_octal(text[n + 2]) && is_octal(text[n + 3])) {
      plain += static_cast<char>((text[n + 1] - '0') * 64 + (text[n + 2] - '0') * 8 + (text[n + 3] - '0'));
      n += 3;
    } else {
      plain += text[n];
    }
  }
  return plain;
}

// Options of the mount, and of the file system: `rw` or `ro` comes first.
bool is_read_only(std::string_view options) noexcept { return options == "ro" || options.starts_with("ro,"); }

bool climbs(std::string_view path) noexcept { return (std::string(path) + "/").find("/../") != std::string::npos; }

// Something else may be mounted over it.
bool is_cgroup(const std::string& folder) noexcept {
  struct statfs found{};
  return statfs(folder.c_str(), &found) == 0 && static_cast<long>(found.f_type) == kCgroup2Magic;
}

struct Close {
  void operator()(DIR* folder) const noexcept { closedir(folder); }
};

// Why a cgroup has nothing to show: it was removed, it is not for us, or it is a threaded one, whose processes are listed in
// the one above it. Any other errno is a lack of ours.
bool shows_nothing(int error) noexcept {
  return error == ENOENT || error == ENODEV || error == EACCES || error == EPERM || error == EOPNOTSUPP;
}

// That folder and all below it, each before what is in it.
std::optional<std::vector<std::string>> folders_from(const std::string& top) {
  std::vector<std::string> found{top};
  for (size_t n = 0; n < found.size(); ++n) {
    const auto inner = folders_in(found[n]);
    if (!inner) return std::nullopt;
    found.insert(found.end(), inner->begin(), inner->end());
  }
  return found;
}

}  // namespace

// ID PARENT DEVICE ROOT POINT OPTIONS [TAG…] - TYPE SOURCE OPTIONS
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  while (!mountinfo.empty()) {
    std::string_view line = cut(mountinfo, '\n');
    for (int n = 0; n < 3; ++n) cut(line, ' ');
    const std::string_view root = cut(line, ' '), point = cut(line, ' '), options = cut(line, ' ');
    while (!line.empty() && cut(line, ' ') != "-") {
    }
    if (cut(line, ' ') != "cgroup2") continue;
    const std::string_view of_all = line.substr(line.rfind(' ') + 1);
    mounts.push_back({unescaped(root), unescaped(point), !is_read_only(options) && !is_read_only(of_all)});
  }
  return mounts;
}

// HIERARCHY:CONTROLLERS:PATH, and of the v2 hierarchy 0::PATH. The path is as it is; only a newline cannot be in it.
std::optional<std::string> parse_cgroup_path(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = cut(text, '\n');
    if (line.starts_with("0::/")) return std::string(line.substr(3));
  }
  return std::nullopt;
}

bool parse_populated(std::string_view events) noexcept {
  while (!events.empty())
    if (cut(events, '\n') == "populated 1") return true;
  return false;
}

std::vector<int> parse_pids(std::string_view procs) {
  std::vector<int> pids;
  while (!procs.empty()) {
    const std::string_view line = cut(procs, '\n');
    int pid = 0;
    std::from_chars(line.data(), line.data() + line.size(), pid);
    if (pid > 0) pids.push_back(pid);
  }
  return pids;
}

bool is_within(std::string_view path, std::string_view cgroup) noexcept {
  if (cgroup == "/") return true;
  return path.starts_with(cgroup) && (path.size() == cgroup.size() || path[cgroup.size()] == '/');
}

std::vector<CgroupMount> cgroup_mounts() { return parse_cgroup_mounts(text_of("/proc/self/mountinfo").value_or("")); }

std::optional<std::string> cgroup_folder(const std::vector<CgroupMount>& mounts, const std::string& path) {
  if (!path.starts_with('/') || climbs(path)) return std::nullopt;
  for (const bool writable : {true, false}) {
    for (const CgroupMount& mount : mounts) {
      if (mount.writable != writable || climbs(mount.root) || !is_within(path, mount.root)) continue;
      const std::string below = path.substr(mount.root == "/" ? 0 : mount.root.size());
      std::string folder = mount.point + (below == "/" ? "" : below);
      if (is_cgroup(folder)) return folder;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> folders_in(const std::string& folder) {
  std::vector<std::string> found;
  const std::unique_ptr<DIR, Close> open(opendir(folder.c_str()));  // born CLOEXEC
  if (!open) return shows_nothing(errno) ? std::optional(found) : std::nullopt;
  while (const dirent* item = readdir(open.get())) {
    const std::string_view name = item->d_name;
    if (item->d_type == DT_DIR && name != "." && name != "..") found.push_back(folder + "/" + item->d_name);
  }
  return found;
}

std::optional<std::vector<int>> processes_from(const std::string& top) {
  const auto folders = folders_from(top);
  if (!folders) return std::nullopt;
  std::vector<int> all;
  for (const std::string& folder : *folders) {
    const auto text = text_of(folder + "/cgroup.procs");
    if (!text && !shows_nothing(errno)) return std::nullopt;
    const std::vector<int> pids = parse_pids(text.value_or(""));
    all.insert(all.end(), pids.begin(), pids.end());
  }
  // One that moves while they are read is seen twice.
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool remove_from(const std::string& top) {
  const auto processes = processes_from(top);
  const auto folders = folders_from(top);
  if (!processes || !processes->empty() || !folders) return false;
  for (auto folder = folders->rbegin(); folder != folders->rend(); ++folder) rmdir(folder->c_str());
  return access(top.c_str(), F_OK) < 0;
}

std::optional<std::string> text_of(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t length = read(file.get(), buffer, sizeof buffer);
    if (length == 0) return text;
    if (length > 0) text.append(buffer, static_cast<size_t>(length));
    else if (errno != EINTR) return std::nullopt;
  }
}

}  // namespace sentry
