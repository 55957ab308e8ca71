// What a child is, and what becomes of a start that fails.
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../clone.h"
#include "check.h"
#include "contract.h"
#include "folder.h"
#include "held_program.h"

using namespace contract;

TEST("a child has the arguments, environment, folder and umask that were asked for, and nothing else") {
  CHECK(no_leaks([] {
    Pair pair;
    Request asked = request(1, {"/bin/sh", "-c", "echo \"$0|$1|$A|$HOME|$(pwd)|$(umask)\"", "zero", "one"});
    asked.env = {"A=b", "PATH=/bin"};
    asked.cwd = "/tmp";
    asked.umask = 027;
    const auto exit = pair.run_to_end(std::move(asked));
    REQUIRE(exit);
    CHECK(exit->code == 0);
    CHECK(pair.output(1) == "zero|one|b||/tmp|0027\n");
  }));
}

TEST("a name is looked up in the child's PATH, not in ours") {
  CHECK(no_leaks([] {
    const Folder folder;
    const std::string script = folder.path + "/only-here";
    std::FILE* file = std::fopen(script.c_str(), "w");
    std::fputs("#!/bin/sh\nexit 7\n", file);
    std::fclose(file);
    Pair pair;
    Request asked = request(1, {"only-here"});
    asked.env = {"PATH=/nonexistent:/etc/passwd:" + folder.path};
    pair.spawn(asked);
    const auto denied = pair.facts.await<FaultFact>(1);
    REQUIRE(denied);
    CHECK(denied->fault.error == EACCES);  // there, but not executable: remembered over ENOENT and ENOTDIR
    chmod(script.c_str(), 0755);
    asked.run = 2;
    const auto exit = pair.run_to_end(asked);
    REQUIRE(exit);
    CHECK(exit->code == 7);
  }));
}

TEST("a start that fails says at which step, with which errno, on what, and leaves nothing behind") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spawn(request(1, {"/nonexistent/program"}));
    Request bad_folder = request(2, {"/bin/true"});
    bad_folder.cwd = "/nonexistent";
    pair.spawn(bad_folder);
    pair.spawn(request(3, {"/etc/passwd"}));
    Request nobody = request(4, {"/bin/true"});
    nobody.user = "no-such-user";
    pair.spawn(nobody);
    Request limit = request(5, {"/bin/true"});
    limit.limits = {{"nofile", 100, 50}};
    pair.spawn(limit);
    struct { RunId run; const char* step; int error; const char* subject; } const expected[] = {
        {1, "exec", ENOENT, "/nonexistent/program"}, {2, "chdir", ENOENT, "/nonexistent"},
        {3, "exec", EACCES, "/etc/passwd"},          {4, "user", ENOENT, "no-such-user"},
        {5, "limits", EINVAL, "nofile"},
    };
    for (const auto& [run, step, error, subject] : expected) {
      const auto fact = pair.facts.await<FaultFact>(run);
      REQUIRE(fact);
      CHECK(std::string(fact->fault.step) == step);
      CHECK(fact->fault.error == error);
      CHECK(fact->fault.subject == subject);
    }
    CHECK(pair.facts.count<SpawnedFact>() == 0);
  }));
}

TEST("a child has default signal actions and no signal blocked, whatever its parent ignores and blocks") {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  CHECK(no_leaks([] {
    Pair pair;
    REQUIRE(pair.run_to_end(request(1, {"/bin/cat", "/proc/self/status"})));
    CHECK(pair.output(1).find("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n") !=
          std::string::npos);
  }));
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
}

TEST("a child leads a session of its own") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spawn(shell(1, "exec cut -d' ' -f1,5,6 /proc/self/stat"));
    const auto spawned = pair.facts.await<SpawnedFact>(1);
    REQUIRE(spawned);
    REQUIRE(pair.facts.await<ExitFact>(1));
    pair.reap(1);
    const std::string pid = std::to_string(spawned->pid);
    CHECK(pair.output(1) == pid + " " + pid + " " + pid + "\n");
  }));
}

TEST("a child gets the three standard descriptors and those that it was given, though 18,000 are open") {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 19000) SKIP("the hard limit of open files is too low");
  CHECK(no_leaks([] {
    std::vector<Fd> open_ones;
    // Not close-on-exec, as whoever started Sentry may have left them.
    for (int n = 0; n < 18000; ++n) open_ones.emplace_back(open("/dev/null", O_RDWR));
    REQUIRE(open_ones.back());
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    Fd given(ends[0]), other(ends[1]);
    Pair pair;
    Request asked = shell(1, "ls /proc/self/fd; readlink /proc/self/fd/0 /proc/self/fd/3");
    asked.pass = {given.get()};
    REQUIRE(pair.run_to_end(asked));
    struct stat status{};
    fstat(given.get(), &status);
    CHECK(pair.output(1) == "0\n1\n2\n3\n4\n/dev/null\npipe:[" + std::to_string(status.st_ino) + "]\n");  // 4 is ls's
  }));
}

TEST("the limit of open files is the one that our parent had, and can be set") {
  const auto before = file_limit_before_node();
  REQUIRE(before);
  CHECK(no_leaks([&] {
    Pair pair;
    REQUIRE(pair.run_to_end(shell(1, "ulimit -Sn")));
    CHECK(pair.output(1) == std::to_string(before->soft) + "\n");
    Request asked = shell(2, "ulimit -Sn; ulimit -Hn; ulimit -c");
    asked.limits = {{"nofile", 100, 200}, {"core", 0, 0}};
    REQUIRE(pair.run_to_end(asked));
    CHECK(pair.output(2) == "100\n200\n0\n");
  }));
}

TEST("as root, a child becomes the user that was asked for, wholly, and the parent can still be dumped") {
  if (geteuid() != 0) SKIP("only root becomes another user");
  CHECK(no_leaks([] {
    Pair pair;
    Request asked = shell(1, "id -u; id -g; id -G; echo $HOME $USER $LOGNAME $SHELL; grep NoNewPrivs /proc/self/status; "
                             "nice; cat /proc/self/oom_score_adj; echo again > /dev/stdout");
    asked.user = "nobody";
    asked.groups = {"daemon"};
    asked.no_new_privileges = true;
    asked.nice = 5;
    asked.oom_score_adj = 300;
    asked.env.push_back("SHELL=/bin/mine");
    REQUIRE(pair.run_to_end(asked));
    const gid_t daemon = getgrnam("daemon")->gr_gid;
    CHECK(pair.output(1) == "65534\n65534\n65534 " + std::to_string(daemon) +
                                "\n/nonexistent nobody nobody /bin/mine\nNoNewPrivs:\t1\n5\n300\nagain\n");
    struct stat own{};
    stat("/proc/self/environ", &own);
    CHECK(own.st_uid == geteuid());  // belongs to root, and not to us, in a process that cannot be dumped
    CHECK(access("/proc/self/mem", R_OK | W_OK) == 0);
  }));
}

TEST("LISTEN_PID and WATCHDOG_PID are the child's own") {
  CHECK(no_leaks([] {
    Pair pair;
    Request asked = shell(1, "[ $LISTEN_PID = $$ ] && [ $WATCHDOG_PID = $$ ] && echo mine");
    asked.env.push_back("LISTEN_PID=");
    asked.env.push_back("WATCHDOG_PID=");
    REQUIRE(pair.run_to_end(asked));
    CHECK(pair.output(1) == "mine\n");
  }));
}

// The kernel makes the pidfd before it asks the pids controller, and then closes it again: that number is not ours.
TEST("a clone that the pids controller refuses is a fault, and the number of its pidfd is forgotten") {
  const std::string group = "/sys/fs/cgroup/pids/sentry-test-" + std::to_string(getpid());
  if (mkdir(group.c_str(), 0755) < 0) SKIP("no pids controller (cgroup v1) that may be used");
  const auto put = [](const std::string& path, const char* text) {
    const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return write(file.get(), text, strlen(text)) > 0;
  };
  const int alone = fork();
  if (alone == 0) {
    if (!put(group + "/pids.max", "1") || !put(group + "/cgroup.procs", "0")) _exit(2);
    const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    auto planned = Plan::make(request(1, {"/bin/true"}), null.get(), std::nullopt);
    Lane lane(null.get(), LowNumbers::reserve(null.get()), KeeperLink(), nullptr);
    Handle handle;
    const auto result = lane.clone(*std::get<std::unique_ptr<Plan>>(planned), handle);
    const auto* fault = std::get_if<Fault>(&result);
    _exit(fault && fault->error == EAGAIN && handle.pidfd == -1 && handle.get() == -1 ? 0 : 1);
  }
  int status = 0;
  waitpid(alone, &status, 0);
  rmdir(group.c_str());
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST("a start that hangs in exec does not keep the others from starting, and is not lost") {
  CHECK(no_leaks([] {
    HeldProgram program;
    REQUIRE(program.held);
    Pair pair(1);
    pair.spawn(request(1, {program.path}));
    for (RunId run = 2; run < 12; ++run) CHECK(pair.run_to_end(request(run, {"/bin/true"})));
    CHECK(pair.facts.count<SpawnedFact>() == 10);
    program.let_go();
    CHECK(pair.facts.await<ExitFact>(1));
    pair.reap(1);
  }));
}

TEST("a start that hangs in exec can be ended by a signal") {
  CHECK(no_leaks([] {
    HeldProgram program;
    REQUIRE(program.held);
    Pair pair(1);
    pair.spawn(request(1, {program.path}));
    siginfo_t status{};
    CHECK(until([&] { return waitid(P_ALL, 0, &status, WEXITED | WNOWAIT | WNOHANG) == 0; }));  // it is there
    CHECK(until([&] {
      pair.signal(1, SIGKILL);  // it may not have run yet, and then is sent its signal only when it has been started
      return pair.facts.count<ExitFact>() == 1;
    }));
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->exit.signal == SIGKILL);
    pair.reap(1);
    program.let_go();
  }));
}

TEST("a signal that comes while there is no process yet is not lost") {
  CHECK(no_leaks([] {
    Pair pair(1);
    for (RunId run = 1; run <= 50; ++run) {
      pair.spawn(request(run, {"/bin/sleep", "1000"}));
      pair.signal(run, SIGKILL);
      const auto end = [&] { return pair.facts.count<ExitFact>() + pair.facts.count<FaultFact>() == run; };
      REQUIRE(until(end));
      pair.reap(run);
    }
  }));
}

TEST("a start that nobody has taken up yet is called off by a signal") {
  CHECK(no_leaks([] {
    HeldProgram program;
    REQUIRE(program.held);
    Pair pair(1);
    pair.spawn(request(1, {program.path}));
    pair.spawn(request(2, {"/bin/true"}));
    pair.signal(2, SIGTERM);
    const auto fact = pair.facts.await<FaultFact>(2);
    REQUIRE(fact);
    CHECK(std::string(fact->fault.step) == "start");
    CHECK(fact->fault.error == ECANCELED);
    program.let_go();
    CHECK(pair.facts.await<ExitFact>(1));
    pair.reap(1);
  }));
}

TEST("a spawner that is told to be quiet starts nothing until it may go on, and says when nothing is under way") {
  CHECK(no_leaks([] {
    HeldProgram program;
    REQUIRE(program.held);
    Pair pair(1);
    pair.spawn(request(1, {program.path}));
    siginfo_t status{};
    CHECK(until([&] { return waitid(P_ALL, 0, &status, WEXITED | WNOWAIT | WNOHANG) == 0; }));  // it is there
    pair.spawn(request(2, {"/bin/true"}));
    pair.quiesce();
    pair.spawn(request(3, {"/bin/true"}));
    CHECK(pair.facts.count<QuietFact>() == 0);  // one is held in its exec
    program.let_go();
    CHECK(pair.facts.await_count<QuietFact>(1));
    CHECK(pair.facts.count<SpawnedFact>() == 1);  // and that was told before
    CHECK(pair.facts.await<ExitFact>(1));
    pair.reap(1);
    CHECK(pair.facts.count<SpawnedFact>() == 1);
    pair.signal(2, SIGTERM);
    CHECK(pair.facts.await<FaultFact>(2));  // called off while it waited
    pair.go_on();
    CHECK(pair.facts.await<ExitFact>(3));
    pair.reap(3);
  }));
}

TEST("a spawner with nothing under way is quiet at once") {
  CHECK(no_leaks([] {
    Pair pair;
    REQUIRE(pair.run_to_end(request(1, {"/bin/true"})));
    pair.quiesce();
    CHECK(pair.facts.count<QuietFact>() == 1);
  }));
}

// The last one: its child may still be on its way out when it is over.
TEST("a spawner that ends while an exec hangs does not wait for it") {
  HeldProgram program;
  REQUIRE(program.held);
  const int threads = entries_of("/proc/self/task");
  {
    Pair pair(1);
    pair.spawn(request(1, {program.path}));
    until([&] { return entries_of("/proc/self/task") > threads; });
  }
  program.let_go();
  // The child is nobody's by now; it is this test's to clean up.
  CHECK(until([&] {
    siginfo_t status{};
    while (waitid(P_ALL, 0, &status, WEXITED | WNOHANG) == 0 && status.si_pid != 0) {
    }
    return entries_of("/proc/self/task") == threads;
  }));
}
