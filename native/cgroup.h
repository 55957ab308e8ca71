// A cgroup for each run: the one witness that nothing can shake off. cgroups(7), and in the kernel's documentation
// admin-guide/cgroup-v2.rst.
//
// Where is ours? In the v2 hierarchy, wherever that is mounted (/proc/self/mountinfo; in the hybrid layout it stands beside
// the v1 controllers), below the cgroup that we are in ourselves (/proc/self/cgroup). We make `sentry.INSTANCE` there, and
// below it a cgroup per run, named by its number. Whoever may not, has none: nothing is ever made beside or above our own,
// and no controller is switched on, so that the rule against processes in inner cgroups does not matter.
//
// A child is born in its cgroup (clone3 with CLONE_INTO_CGROUP, Linux 5.7): moving it there would take the lock that all
// forks of the machine wait for. Each feature is probed by using it: a file system that says no, or a filter that hides
// clone3, is found out at the beginning, with a child that does nothing.
//
// A path is as /proc/PID/cgroup has it: below the root of the mount. It stays good when Sentry is started anew from
// somewhere else: a run that is taken over keeps the cgroup that it has.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fault.h"
#include "fd.h"

namespace sentry {

// To be used on any thread.
class Cgroups {
 public:
  // One with that name that is there, of an earlier image, is taken up. Nothing is left behind where it fails. The Fault's
  // subject says in words what is missing.
  static std::variant<Cgroups, Fault> open(const std::string& name);

  // A new one, empty, for a run. Its descriptor is what clone3 takes.
  struct Made { std::string path; Fd folder; };
  std::variant<Made, Fault> make(int64_t run) const;

  // Removes those in which nothing runs, and `sentry.INSTANCE`, if none is left in it. A clean end.
  void remove_all() const noexcept;

  Cgroups(Cgroups&&) noexcept = default;
  Cgroups& operator=(Cgroups&&) = delete;

 private:
  Cgroups(Fd own, const std::string& own_path, const std::string& own_folder, const std::string& name);
  std::variant<Made, Fault> make(const std::string& name) const;
  int make_folder(const std::string& name) const noexcept;
  std::optional<Fault> probe() const;

  Fd own_;            // the cgroup that we are in
  std::string name_;  // of the one in it
  std::string path_;  // of that one
  std::string folder_;
};

// One that there is, of this image or of an earlier one; also where no new ones can be made. Where the path leads to no
// cgroup, there is none.
class Cgroup {
 public:
  static std::optional<Cgroup> open(const std::string& path);

  // The processes in it and in those below it. Zombies are not among them. Nothing: there is no descriptor to look with.
  std::optional<std::vector<int>> processes() const;
  // By cgroup.events: something that is no zombie is in it, or below it.
  bool populated() const noexcept;
  // Whether that process is in it, or below it: to be asked after its pidfd was opened.
  bool holds(int pid) const;
  // SIGKILL to all of it at once: cgroup.kill (Linux 5.14). False: that is not there.
  bool kill() const noexcept;
  // With all that are below it; nothing of it goes as long as something runs in it. Whether it is gone.
  bool remove() noexcept;

  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&&) noexcept = default;

 private:
  Cgroup(std::string path, std::string folder, Fd events)
      : path_(std::move(path)), folder_(std::move(folder)), events_(std::move(events)) {}

  std::string path_;
  std::string folder_;
  Fd events_;  // the only descriptor: there are as many as runs
};

// Of a process, in the v2 hierarchy; nothing where there is none.
std::optional<std::string> cgroup_path(int pid);

}  // namespace sentry
