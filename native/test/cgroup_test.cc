// A cgroup for each run. What needs a v2 hierarchy that may be written to is skipped where there is none.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <fstream>

#include "../birthplace.h"
#include "../cgroup.h"
#include "../cgroup_folder.h"
#include "../clone3.h"
#include "check.h"
#include "contract.h"
#include "folder.h"
#include "full_table.h"
#include "stranger.h"

using namespace contract;
using stranger::elsewhere;

namespace {

const std::string kName = "sentry.test-" + std::to_string(getpid());
constexpr const char* kNone = "no cgroup v2 hierarchy that may be written to";

std::shared_ptr<const Cgroups> open_cgroups() {
  auto opened = Cgroups::open(kName);
  auto* cgroups = std::get_if<Cgroups>(&opened);
  return cgroups ? std::make_shared<const Cgroups>(std::move(*cgroups)) : nullptr;
}

std::string folder_of(const std::string& path) { return cgroup_folder(cgroup_mounts(), path).value_or(""); }
bool exists(const std::string& path) { return !folder_of(path).empty(); }

// What ours is called.
std::string path_of_all() {
  const std::string own = cgroup_path(getpid()).value_or("");
  return (own == "/" ? "" : own) + "/" + kName;
}

bool await_empty(const Cgroup& cgroup) {
  return until([&] { return !cgroup.populated(); });
}

// A spawner, and whoever it has borne. Nobody waits for them but the test.
class Births {
 public:
  explicit Births(std::shared_ptr<const Cgroups> cgroups)
      : spawner_(4, [this](Child child) { born(std::move(child)); }, [this](Fact fact) { facts.add(std::move(fact)); },
                 KeeperLink(), std::nullopt, std::move(cgroups)) {}

  void spawn(Request request) { spawner_.spawn(std::move(request)); }
  // The first line of a run, when it has printed it.
  std::string line_of(RunId run) {
    if (!facts.await<SpawnedFact>(run)) return "";
    std::string line;
    const Child& child = of(run);
    pollfd one{child.out.get(), POLLIN, 0};
    for (char byte; poll(&one, 1, 60'000) == 1 && read(child.out.get(), &byte, 1) == 1 && byte != '\n';) line += byte;
    return line;
  }
  std::string start(Request request) {
    const RunId run = request.run;
    spawn(std::move(request));
    return line_of(run);
  }
  std::optional<FaultFact> fail(Request request) {
    const RunId run = request.run;
    spawn(std::move(request));
    return facts.await<FaultFact>(run);
  }
  const Child& of(RunId run) {
    std::lock_guard lock(mutex_);
    return *std::find_if(children_.begin(), children_.end(), [run](const Child& child) { return child.run == run; });
  }
  static int reap(const Child& child) {
    int status = 0;
    waitpid(child.pid, &status, 0);
    return status;
  }

  Facts facts;

 private:
  void born(Child child) {
    std::lock_guard lock(mutex_);
    const SpawnedFact fact{child.run, child.pid, child.at};
    children_.push_back(std::move(child));
    facts.add(fact);
  }

  std::mutex mutex_;
  std::deque<Child> children_;
  Spawner spawner_;
};

}  // namespace

TEST("the mounts of the v2 hierarchy are found among all others, with odd names, and with what may be written to") {
  const auto mounts = parse_cgroup_mounts(
      "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
      "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,name=systemd\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:10 master:3 - cgroup2 cgroup2 rw,nsdelegate\n"
      "42 31 0:38 /a\\040b/c\\134d /mnt/with\\040space\\011tab\\012line ro,nosuid - cgroup2 none rw\n"
      "43 31 0:38 /../.. /host rw - cgroup2 cgroup2 ro\n"
      "44 31 0:39 / /cgroup2 rw - ext4 cgroup2 rw\n"
      "45 31 0:38 / /no-source rw - cgroup2  rw\n"
      "cut off");
  REQUIRE(mounts.size() == 4);
  CHECK(mounts[0].root == "/" && mounts[0].point == "/sys/fs/cgroup/unified" && mounts[0].writable);
  CHECK(mounts[1].root == "/a b/c\\d" && mounts[1].point == "/mnt/with space\ttab\nline" && !mounts[1].writable);
  CHECK(mounts[2].root == "/../.." && !mounts[2].writable);
  CHECK(mounts[3].point == "/no-source" && mounts[3].writable);
  CHECK(parse_cgroup_mounts("").empty());
}

TEST("a process's cgroup is the one of the v2 hierarchy, whatever is in its name") {
  const struct { const char* text; std::optional<std::string> path; } table[] = {
      {"0::/\n", "/"},
      {"12:pids:/system.slice/x\n0::/user.slice/a b:c\\040\n", "/user.slice/a b:c\\040"},
      {"9:name=systemd:/0::/no\n8:pids:/\n", std::nullopt},
      {"0::/gone (deleted)\n", "/gone (deleted)"},
      {"0::/../other\n", "/../other"},
      {"", std::nullopt},
  };
  for (const auto& [text, path] : table) CHECK(parse_cgroup_path(text) == path);
}

TEST("events and processes are read as the kernel writes them") {
  CHECK(parse_populated("populated 1\nfrozen 0\n"));
  CHECK(parse_populated("frozen 1\npopulated 1\n"));
  CHECK(!parse_populated("populated 0\nfrozen 1\n"));
  CHECK(!parse_populated(""));
  CHECK(parse_pids("12\n0\n4194304\n") == std::vector<int>({12, 4194304}));
  CHECK(parse_pids("").empty());
}

TEST("a cgroup is within another one by its path, and not by the beginning of a name") {
  CHECK(is_within("/a/1", "/a/1"));
  CHECK(is_within("/a/1/x", "/a/1"));
  CHECK(is_within("/a", "/"));
  CHECK(!is_within("/a/10", "/a/1"));
  CHECK(!is_within("/a", "/a/1"));
  CHECK(!is_within("/a/1 (deleted)", "/a/1"));
}

TEST("where no mount shows a cgroup there is no folder of it") {
  const Folder plain;  // is no cgroup
  CHECK(!cgroup_folder({{"/", plain.path, true}}, "/"));
  CHECK(!cgroup_folder({}, "/"));
  CHECK(!cgroup_folder(cgroup_mounts(), "/../other"));
  CHECK(!cgroup_folder(cgroup_mounts(), ""));
  CHECK(!cgroup_folder(cgroup_mounts(), "/no/such/cgroup"));
  CHECK(!Cgroup::open("/no/such/cgroup"));
  CHECK(!Cgroup::open("relative"));
}

TEST("a name that is a way to somewhere else is refused") {
  for (const char* name : {"", ".", "..", "../other", "a/b"}) {
    const auto opened = Cgroups::open(name);
    REQUIRE(std::holds_alternative<Fault>(opened));
    CHECK(std::get<Fault>(opened).error == EINVAL);
  }
}

TEST("there are cgroups wherever a folder can be made in our own one") {
  const std::string folder = folder_of(cgroup_path(getpid()).value_or("")) + "/" + kName;
  if (mkdir(folder.c_str(), 0755) < 0) SKIP(kNone);
  rmdir(folder.c_str());
  const auto cgroups = open_cgroups();
  REQUIRE(cgroups);
  CHECK(exists(path_of_all()) && !exists(path_of_all() + "/probe"));
  cgroups->remove_all();
  CHECK(!exists(path_of_all()));
}

TEST("an ordinary user to whom nothing was delegated is told so, and nothing is left behind") {
  if (geteuid() != 0) SKIP("not root");
  if (!open_cgroups()) SKIP(kNone);
  const int error = elsewhere([] {
    const auto opened = Cgroups::open("sentry.refused");
    const auto* fault = std::get_if<Fault>(&opened);
    if (fault) std::printf("     %s: %s\n", fault->subject.c_str(), errno_name(fault->error));
    return fault ? fault->error : 0;
  }, stranger::kNobody);
  CHECK(error == EACCES);
  open_cgroups()->remove_all();
  CHECK(!exists(path_of_all()));
}

TEST("a hierarchy that is mounted read-only, in part, or not at all is told of") {
  if (geteuid() != 0) SKIP("not root");
  auto cgroups = open_cgroups();
  if (!cgroups) SKIP(kNone);
  const auto in_mounts_of_its_own = [](const std::function<bool(const std::string&)>& change) {
    return elsewhere([&] {
      if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return 201;
      // No other one may be left.
      const auto mounts = cgroup_mounts();
      for (size_t n = 1; n < mounts.size(); ++n) umount2(mounts[n].point.c_str(), MNT_DETACH);
      if (!change(mounts[0].point)) return 202;
      const auto opened = Cgroups::open("sentry.refused");
      const auto* fault = std::get_if<Fault>(&opened);
      if (fault) std::printf("     %s: %s\n", fault->subject.c_str(), errno_name(fault->error));
      return fault ? fault->error : 0;
    });
  };
  CHECK(in_mounts_of_its_own([](const std::string& point) {
          return mount(nullptr, point.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
        }) == EROFS);
  CHECK(in_mounts_of_its_own([](const std::string& point) { return umount2(point.c_str(), MNT_DETACH) == 0; }) == ENOENT);
  const std::string part = path_of_all();
  CHECK(in_mounts_of_its_own([&](const std::string& point) {
          return mount((point + "/" + part).c_str(), "/mnt", nullptr, MS_BIND, nullptr) == 0 &&
                 umount2(point.c_str(), MNT_DETACH) == 0;
        }) == ENOENT);
  // Something else lies over it.
  CHECK(in_mounts_of_its_own([](const std::string& point) {
          return mount("none", point.c_str(), "tmpfs", 0, nullptr) == 0;
        }) == ENOENT);
  // Under an odd name it is as good as under any other.
  CHECK(in_mounts_of_its_own([](const std::string& point) {
          if (mount("none", "/mnt", "tmpfs", 0, nullptr) < 0 || mkdir("/mnt/a b\\c", 0755) < 0) return false;
          return mount(point.c_str(), "/mnt/a b\\c", nullptr, MS_MOVE, nullptr) == 0;
        }) == 0);
  cgroups->remove_all();
  if (auto left = folder_of(cgroup_path(getpid()).value_or("")); !left.empty()) rmdir((left + "/sentry.refused").c_str());
}

TEST("where a filter hides clone3 from us it is told of, and nothing is left behind") {
  if (!open_cgroups()) SKIP(kNone);
  const int error = elsewhere([] {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{4, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) return 201;
    const auto opened = Cgroups::open(kName);
    const auto* fault = std::get_if<Fault>(&opened);
    return fault ? fault->error : 0;
  });
  CHECK(error == ENOSYS);
  CHECK(!exists(path_of_all()));
}

TEST("in a cgroup namespace, and by a mount that shows only our own part, everything is where it should be") {
  if (geteuid() != 0) SKIP("not root");
  auto cgroups = open_cgroups();
  if (!cgroups) SKIP(kNone);
  auto made = cgroups->make(1);
  REQUIRE(std::holds_alternative<Cgroups::Made>(made));
  const std::string path = std::get<Cgroups::Made>(made).path;
  const std::string folder = folder_of(path);
  const auto inside = [&](bool with_namespace) {
    return elsewhere([&] {
      std::ofstream(folder + "/cgroup.procs") << "0";
      if (cgroup_path(getpid()) != path) return 1;
      if (unshare(CLONE_NEWNS | (with_namespace ? CLONE_NEWCGROUP : 0)) < 0) return 2;
      if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return 3;
      const auto mounts = cgroup_mounts();
      if (mount(folder.c_str(), "/mnt", nullptr, MS_BIND, nullptr) < 0) return 4;
      for (const auto& mount : mounts) umount2(mount.point.c_str(), MNT_DETACH);
      auto opened = Cgroups::open("sentry.inside");
      auto* inner = std::get_if<Cgroups>(&opened);
      if (!inner) return 5;
      auto one = inner->make(7);
      if (!std::get_if<Cgroups::Made>(&one)) return 6;
      const std::string expected = with_namespace ? "/sentry.inside/7" : path + "/sentry.inside/7";
      if (std::get<Cgroups::Made>(one).path != expected) return 7;
      if (!std::filesystem::exists("/mnt/sentry.inside/7")) return 8;
      inner->remove_all();
      return std::filesystem::exists("/mnt/sentry.inside") ? 9 : 0;
    });
  };
  const int plainly = inside(false), in_a_namespace = inside(true);
  CHECK(plainly == 0);
  CHECK(in_a_namespace == 0);
  cgroups->remove_all();
}

TEST("a zombie whose cgroup was removed is in none that can be opened") {
  auto cgroups = open_cgroups();
  if (!cgroups) SKIP(kNone);
  auto made = cgroups->make(1);
  REQUIRE(std::holds_alternative<Cgroups::Made>(made));
  const std::string path = std::get<Cgroups::Made>(made).path, folder = folder_of(path);
  const int pid = fork();
  if (pid == 0) {
    std::ofstream(folder + "/cgroup.procs") << "0";
    _exit(0);
  }
  // A leader is a zombie while its last threads still end (and ThreadSanitizer starts one in each child): waited for is the
  // end of all.
  siginfo_t status{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOWAIT) == 0);
  CHECK(cgroup_path(pid) == path);
  cgroups->remove_all();
  CHECK(cgroup_path(pid) == path + " (deleted)");
  CHECK(!Cgroup::open(path + " (deleted)"));
  waitpid(pid, nullptr, 0);
  CHECK(!cgroup_path(pid));
}

TEST("what an earlier image has made is taken up; an empty one is made anew, a living one is left alone") {
  CHECK(no_leaks([] {
    auto earlier = open_cgroups();
    if (!earlier) SKIP(kNone);
    Births births(earlier);
    births.start(shell(1, "echo; exec sleep 1000"));
    REQUIRE(std::holds_alternative<Cgroups::Made>(earlier->make(2)));
    const auto later = open_cgroups();
    REQUIRE(later);
    const auto again = later->make(2), other = later->make(1);
    REQUIRE(std::holds_alternative<Cgroups::Made>(again) && std::holds_alternative<Cgroups::Made>(other));
    CHECK(std::get<Cgroups::Made>(again).path == path_of_all() + "/2");
    CHECK(std::get<Cgroups::Made>(other).path == path_of_all() + "/1.2");
    later->remove_all();  // not as long as something runs there
    const auto cgroup = Cgroup::open(births.of(1).cgroup);
    REQUIRE(cgroup);
    CHECK(cgroup->processes() == std::vector<int>{births.of(1).pid});
    CHECK(cgroup->kill());
    Births::reap(births.of(1));
    later->remove_all();
    CHECK(!exists(path_of_all()));
  }));
}

TEST("a child is in its cgroup at its very first act, and whatever it starts is too, however it detaches itself") {
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    Births births(cgroups);
    Request asked = shell(1, "grep ^0:: /proc/self/cgroup; "
                             "setsid sh -c '(trap \"\" TERM; env -i setsid sleep 1000) & exit 0'; exec sleep 1000");
    asked.mark = "marked";
    const std::string line = births.start(std::move(asked));
    const Child& child = births.of(1);
    CHECK(child.mark == "marked");
    CHECK(child.cgroup == path_of_all() + "/1");
    CHECK(line == "0::" + child.cgroup);
    auto cgroup = Cgroup::open(child.cgroup);
    REQUIRE(cgroup);
    CHECK(cgroup->populated());
    REQUIRE(until([&] { return cgroup->processes()->size() >= 2; }));
    const auto pids = cgroup->processes();
    REQUIRE(pids);
    for (const int pid : *pids) CHECK(cgroup->holds(pid));
    CHECK(cgroup->holds(child.pid));
    CHECK(!cgroup->holds(getpid()) && !cgroup->holds(1));
    CHECK(cgroup->kill());
    CHECK(await_empty(*cgroup));
    CHECK(cgroup->processes()->empty());
    CHECK(cgroup->holds(child.pid));  // a zombie still is
    CHECK(WTERMSIG(Births::reap(child)) == SIGKILL);
    cgroup->remove();
    CHECK(!exists(child.cgroup));
    CHECK(!cgroup->populated());
    cgroups->remove_all();
    CHECK(!exists(path_of_all()));
  }));
}

TEST("one goes with all that a program has made below it, but not while something runs there") {
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    Births births(cgroups);
    const std::string folder = folder_of(path_of_all()) + "/1";
    Request asked = shell(1, "cd \"$FOLDER\" && mkdir -p a/b/c a/d e; "
                             "sleep 1000 & echo $! > a/b/cgroup.procs; echo; exec sleep 1000");
    asked.env.push_back("FOLDER=" + folder);
    births.start(std::move(asked));
    const Child& child = births.of(1);
    auto cgroup = Cgroup::open(child.cgroup);
    REQUIRE(cgroup);
    const auto pids = cgroup->processes();
    REQUIRE(pids && pids->size() == 2);
    for (const int pid : *pids) CHECK(cgroup->holds(pid));
    kill(child.pid, SIGKILL);
    Births::reap(child);
    CHECK(cgroup->populated());
    CHECK(!cgroup->remove());
    CHECK(std::filesystem::exists(folder + "/a/d") && std::filesystem::exists(folder + "/e"));
    CHECK(cgroup->kill());
    CHECK(await_empty(*cgroup));
    CHECK(cgroup->remove());
    CHECK(!exists(child.cgroup));
    cgroups->remove_all();
  }));
}

TEST("where there is no descriptor to look with, nobody is said to be there and nobody to be gone") {
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    Births births(cgroups);
    births.start(shell(1, "echo; exec sleep 1000"));
    auto cgroup = Cgroup::open(births.of(1).cgroup);
    REQUIRE(cgroup);
    {
      const FullTable full;
      CHECK(cgroup->populated());
      CHECK(!cgroup->processes());
      CHECK(!cgroup->remove());
    }
    CHECK(cgroup->processes() == std::vector<int>{births.of(1).pid});
    CHECK(cgroup->kill());
    Births::reap(births.of(1));
    cgroups->remove_all();
  }));
}

TEST("at the end all those go in which nothing runs, whatever runs in others") {
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    Births births(cgroups);
    for (RunId run = 1; run <= 2; ++run) births.start(shell(run, "echo; exec sleep 1000"));
    const Child &one = births.of(1), &other = births.of(2);
    kill(one.pid, SIGKILL);
    Births::reap(one);
    cgroups->remove_all();
    CHECK(!exists(one.cgroup) && exists(other.cgroup));
    kill(other.pid, SIGKILL);
    Births::reap(other);
    cgroups->remove_all();
    CHECK(!exists(path_of_all()));
  }));
}

TEST("a start that fails leaves no cgroup behind") {
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    Births births(cgroups);
    Request nowhere = shell(2, "true");
    nowhere.cwd = "/nonexistent";
    Request nobody = shell(3, "true");
    nobody.user = "no-such-user";
    const auto exec = births.fail(request(1, {"/nonexistent/program"})), chdir = births.fail(nowhere),
               user = births.fail(nobody);
    REQUIRE(exec && chdir && user);
    CHECK(std::string(exec->fault.step) == "exec" && std::string(chdir->fault.step) == "chdir");
    for (const char* run : {"/1", "/2", "/3"}) CHECK(!exists(path_of_all() + run));
    cgroups->remove_all();
  }));
}

TEST("a folder that somebody has removed is made anew; where no cgroup can be made, nothing is started") {
  if (geteuid() != 0) SKIP("not root");
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    const std::string folder = folder_of(path_of_all());
    Births births(cgroups);
    REQUIRE(rmdir(folder.c_str()) == 0);
    CHECK(births.start(shell(1, "exec grep ^0:: /proc/self/cgroup")) == "0::" + path_of_all() + "/1");
    Births::reap(births.of(1));
    std::ofstream(folder + "/cgroup.max.descendants") << "1";
    const auto refused = births.fail(shell(2, "true"));
    REQUIRE(refused);
    CHECK(std::string(refused->fault.step) == "cgroup");
    CHECK(refused->fault.error == EAGAIN);
    CHECK(refused->fault.subject == path_of_all() + "/2");
    std::ofstream(folder + "/cgroup.max.descendants") << "max";
    // A threaded one takes no processes.
    REQUIRE(rmdir((folder + "/1").c_str()) == 0);
    std::ofstream(folder + "/cgroup.type") << "threaded";
    const auto threaded = births.fail(shell(3, "true"));
    REQUIRE(threaded);
    CHECK(std::string(threaded->fault.step) == "cgroup");
    CHECK(threaded->fault.error == EOPNOTSUPP);
    cgroups->remove_all();
    CHECK(!exists(path_of_all()));
  }));
}

TEST("one that was removed before anything was born there is made anew, once") {
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    alignas(16) static char stack[16384];
    int pidfd = -1, calls = 0, to_remove = 1;
    const auto clone = [&](int cgroup) {
      if (++calls <= to_remove) rmdir(folder_of(path_of_all() + "/1").c_str());
      return static_cast<int>(clone_into(cgroup, stack, sizeof stack, &pidfd, [](void*) { return 7; }, nullptr));
    };
    Birthplace place(cgroups.get(), 1);
    REQUIRE(!place.make());
    const int pid = place.bear(clone);
    REQUIRE(pid > 0);
    const Fd process(pidfd);
    CHECK(calls == 2);
    CHECK(cgroup_path(pid) == path_of_all() + "/1");
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(WEXITSTATUS(status) == 7);
    calls = 0, to_remove = 2;
    const int refused = place.bear(clone);
    CHECK(refused < 0 && calls == 2);
    const Fault fault = place.fault(-refused);
    CHECK(std::string(fault.step) == "cgroup" && fault.subject == path_of_all() + "/1");
    CHECK(std::string(place.fault(EAGAIN).step) == "clone");
    CHECK(place.keep() == path_of_all() + "/1");
    cgroups->remove_all();
    CHECK(!exists(path_of_all()));
  }));
}

TEST("200 starts from four threads each have a cgroup of their own") {
  CHECK(no_leaks([] {
    const auto cgroups = open_cgroups();
    if (!cgroups) SKIP(kNone);
    Births births(cgroups);
    for (RunId run = 1; run <= 200; ++run) births.spawn(shell(run, "exec grep ^0:: /proc/self/cgroup"));
    for (RunId run = 1; run <= 200; ++run) {
      CHECK(births.line_of(run) == "0::" + path_of_all() + "/" + std::to_string(run));
      Births::reap(births.of(run));
      auto cgroup = Cgroup::open(births.of(run).cgroup);
      REQUIRE(cgroup);
      CHECK(!cgroup->populated());
      cgroup->remove();
    }
    cgroups->remove_all();
    CHECK(!exists(path_of_all()));
  }));
}
