// Where a cgroup is in the file system, and what the files there say. cgroups(7), proc_pid_mountinfo(5).
//
// The kernel names a cgroup by its path in the hierarchy; a mount shows the hierarchy from its root downwards. Mostly that
// is all of it. Where a container was given a part by a bind mount, only what lies in that part can be reached, and in a
// cgroup namespace roots and paths may begin with `/..`: that is beyond of what we may see.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sentry {

// A mount of the v2 hierarchy.
struct CgroupMount {
  std::string root;   // the cgroup that it shows at its top
  std::string point;  // where
  bool writable = false;
};

// Of a mountinfo file, in its order.
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo);
// Of a /proc/PID/cgroup file: the path in the v2 hierarchy. Of a cgroup that was removed, which only a zombie can still be
// in, it ends with " (deleted)" and leads nowhere.
std::optional<std::string> parse_cgroup_path(std::string_view text);
// Of a cgroup.events file.
bool parse_populated(std::string_view events) noexcept;
// Of a cgroup.procs file. A process that our PID namespace does not show is 0 there, and left out here.
std::vector<int> parse_pids(std::string_view procs);

// Itself, or below it. Both are paths of cgroups.
bool is_within(std::string_view path, std::string_view cgroup) noexcept;

// The mounts of this process, as they are now.
std::vector<CgroupMount> cgroup_mounts();
// The folder of that cgroup; by a writable mount, where there is one. Nothing where no mount shows it.
std::optional<std::string> cgroup_folder(const std::vector<CgroupMount>& mounts, const std::string& path);
// The folders that are in that one, by their whole paths. Nothing: they cannot be listed, for want of descriptors.
std::optional<std::vector<std::string>> folders_in(const std::string& folder);
// The processes in that folder and in all below it. Nothing: the same.
std::optional<std::vector<int>> processes_from(const std::string& top);
// Removes that folder and all below it, unless something runs in one of them. Whether it is gone.
bool remove_from(const std::string& top);

// All that can be read there now. Nothing: errno says why.
std::optional<std::string> text_of(const std::string& path);

}  // namespace sentry
