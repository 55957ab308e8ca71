#include "cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "cgroup_folder.h"

namespace sentry {

std::optional<Cgroup> Cgroup::open(const std::string& path) {
  // Looked at once, and not for each run: a host of many containers has thousands of mounts. And never destroyed: a process
  // that ends destroys what is static while its spawning threads still run.
  static const std::vector<CgroupMount>& mounts = *std::make_unique<std::vector<CgroupMount>>(cgroup_mounts()).release();
  auto folder = cgroup_folder(mounts, path);
  if (!folder) return std::nullopt;
  Fd events(::open((*folder + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events) return std::nullopt;
  return Cgroup(path, std::move(*folder), std::move(events));
}

std::optional<std::vector<int>> Cgroup::processes() const { return processes_from(folder_); }

bool Cgroup::populated() const noexcept {
  char text[256];
  const ssize_t length = pread(events_.get(), text, sizeof text, 0);  // ENODEV: it was removed
  return length > 0 && parse_populated({text, static_cast<size_t>(length)});
}

bool Cgroup::holds(int pid) const {
  const auto path = cgroup_path(pid);
  return path && is_within(*path, path_);
}

bool Cgroup::kill() const noexcept {
  const Fd file(::open((folder_ + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), "1", 1) == 1;
}

bool Cgroup::remove() noexcept { return remove_from(folder_); }

std::optional<std::string> cgroup_path(int pid) {
  const auto text = text_of("/proc/" + std::to_string(pid) + "/cgroup");
  return text ? parse_cgroup_path(*text) : std::nullopt;
}

}  // namespace sentry
