// Cgroups, of cgroup.h: where those of the runs are made.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "cgroup.h"
#include "cgroup_folder.h"
#include "clone3.h"
#include "signals_blocked.h"

#ifndef P_PIDFD
#define P_PIDFD 3  // Linux 5.4
#endif

namespace sentry {

namespace {

constexpr mode_t kMode = 0755;
constexpr int kMostNames = 100;

Fault fault(int error, const std::string& missing) { return {"cgroup", error, missing}; }

// What the child of the probe sees. Like all code between clone and exec it does nothing but system calls.
struct Sight {
  int events;
  char text[256];
  long length;
};

int look(void* sight) noexcept {
  auto& seen = *static_cast<Sight*>(sight);
  seen.length = syscall(SYS_read, seen.events, seen.text, sizeof seen.text);
  return 0;
}

}  // namespace

std::variant<Cgroups, Fault> Cgroups::open(const std::string& name) {
  // A name, and no way to somewhere else.
  if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) {
    return fault(EINVAL, "not the name of a cgroup: " + name);
  }
  const std::vector<CgroupMount> mounts = cgroup_mounts();
  if (mounts.empty()) return fault(ENOENT, "no cgroup v2 hierarchy is mounted");
  const auto path = cgroup_path(getpid());
  if (!path) return fault(ENOENT, "/proc/self/cgroup names no cgroup of the v2 hierarchy");
  const auto folder = cgroup_folder(mounts, *path);
  if (!folder) return fault(ENOENT, "no mount shows the cgroup that we are in, " + *path);
  Fd own(::open(folder->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!own) return fault(errno, "the cgroup that we are in cannot be opened: " + *folder);

  Cgroups cgroups(std::move(own), *path, *folder, name);
  if (mkdirat(cgroups.own_.get(), name.c_str(), kMode) < 0 && errno != EEXIST) {
    return fault(errno, "no cgroup can be made in " + *folder);
  }
  auto missing = cgroups.probe();
  if (!missing) return cgroups;
  unlinkat(cgroups.own_.get(), name.c_str(), AT_REMOVEDIR);  // not if an earlier image's runs are in it
  return std::move(*missing);
}

Cgroups::Cgroups(Fd own, const std::string& own_path, const std::string& own_folder, const std::string& name)
    : own_(std::move(own)),
      name_(name),
      path_((own_path == "/" ? "" : own_path) + "/" + name),
      folder_(own_folder + "/" + name) {}

// A process is born in one, and it says so.
std::optional<Fault> Cgroups::probe() const {
  auto made = make("probe");
  if (auto* missing = std::get_if<Fault>(&made)) return std::move(*missing);
  const auto& [path, folder] = std::get<Made>(made);
  const Fd events(openat(own_.get(), (name_ + "/probe/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  Sight sight{events.get(), {}, 0};
  alignas(16) char stack[4096];
  int pidfd = -1;
  long pid;
  {
    const SignalsBlocked blocked;
    pid = clone_into(folder.get(), stack, sizeof stack, &pidfd, look, &sight);
  }
  if (pid > 0) {
    const Fd process(pidfd);
    siginfo_t status{};
    while (syscall(SYS_waitid, P_PIDFD, pidfd, &status, WEXITED, nullptr) < 0 && errno == EINTR) {
    }
  }
  unlinkat(own_.get(), (name_ + "/probe").c_str(), AT_REMOVEDIR);
  if (pid < 0) return fault(static_cast<int>(-pid), "no process can be started in a cgroup (clone3 with CLONE_INTO_CGROUP)");
  if (sight.length <= 0 || !parse_populated({sight.text, static_cast<size_t>(sight.length)})) {
    return fault(ENOTSUP, "cgroup.events does not say when something runs in a cgroup");
  }
  return std::nullopt;
}

// A number may be taken, by what runs on from a history that was lost: then it is another name, and the path tells.
std::variant<Cgroups::Made, Fault> Cgroups::make(int64_t run) const {
  const std::string number = std::to_string(run);
  auto made = make(number);
  for (int n = 2; n <= kMostNames; ++n) {
    const auto* refused = std::get_if<Fault>(&made);
    if (!refused || refused->error != EEXIST) break;
    made = make(number + "." + std::to_string(n));
  }
  return made;
}

std::variant<Cgroups::Made, Fault> Cgroups::make(const std::string& name) const {
  std::string path = path_ + "/" + name;
  if (const int error = make_folder(name_ + "/" + name); error != 0) return fault(error, path);
  Fd folder(openat(own_.get(), (name_ + "/" + name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) {
    const int error = errno;
    unlinkat(own_.get(), (name_ + "/" + name).c_str(), AT_REMOVEDIR);
    return fault(error, path);
  }
  return Made{std::move(path), std::move(folder)};
}

// 0, or an errno.
int Cgroups::make_folder(const std::string& name) const noexcept {
  const auto made = [this](const std::string& folder) { return mkdirat(own_.get(), folder.c_str(), kMode) == 0; };
  if (made(name)) return 0;
  if (errno == EEXIST) {
    // An empty one that was left there goes, so that it is a new one.
    if (unlinkat(own_.get(), name.c_str(), AT_REMOVEDIR) < 0) return EEXIST;
  } else if (errno == ENOENT) {
    // Whoever has removed ours, when nothing was in it, does not keep everything from being started.
    if (!made(name_) && errno != EEXIST) return errno;
  } else {
    return errno;
  }
  return made(name) ? 0 : errno;
}

void Cgroups::remove_all() const noexcept {
  for (const std::string& folder : folders_in(folder_).value_or(std::vector<std::string>{})) remove_from(folder);
  rmdir(folder_.c_str());
}

}  // namespace sentry
