// A process that execs itself: what goes along, and what of the signals that come meanwhile.
#include "../reexec.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "../lockfile.h"
#include "../memfd.h"
#include "../signals.h"
#include "check.h"
#include "folder.h"
#include "until.h"

using namespace sentry;

namespace {

constexpr const char* kInherited = "TEST_INHERITED";  // the numbers of descriptors, for the next image

bool close_on_exec(int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

std::string contents(int fd) {
  std::string text(1000, 0);
  const ssize_t n = read(fd, text.data(), text.size());
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return text;
}

int exit_code(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// As a process of its own, whose exit code says how far it came.
pid_t elsewhere(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  return pid;
}

// Execs this program, to run the test that is named. Its arguments are `fds`.
Fault exec_test(const char* name, const std::vector<int>& fds, const Signals& signals) {
  std::string numbers;
  for (const int fd : fds) numbers += std::to_string(fd) + " ";
  setenv(kInherited, numbers.c_str(), 1);
  signals.pass_on();
  return exec_next({"/proc/self/exe", {"reexec_test", name}, fds, ""});
}

std::vector<int> inherited() {
  std::vector<int> fds;
  const char* text = getenv(kInherited);
  char* end = nullptr;
  for (long fd; text != nullptr && (fd = strtol(text, &end, 10), end != text); text = end) fds.push_back(static_cast<int>(fd));
  return fds;
}

}  // namespace

TEST("a memfd, a pipe and a lock go along, and signals of before and after are told in the next image, each once") {
  const Folder folder;
  const std::string path = folder.path + "/lock";
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  const pid_t pid = elsewhere([&] {
    auto taken = Signals::take();
    auto locked = lock(path);
    auto memfd = sealed_memfd("a state");
    if (taken.index() != 0 || locked.index() != 0 || memfd.index() != 0) return 2;
    const auto& signals = std::get<Signals>(taken);
    raise(SIGHUP);  // written down by this image
    sigset_t later;
    sigemptyset(&later);
    sigaddset(&later, SIGTERM);
    sigprocmask(SIG_BLOCK, &later, nullptr);
    raise(SIGTERM);  // waits for the next one
    exec_test("(the image that is tested by what goes along)",
              {in.get(), std::get<Fd>(memfd).get(), std::get<LockFile>(locked).descriptor(), signals.fd()}, signals);
    return 3;
  });
  in.reset();
  pollfd ready{out.get(), POLLIN, 0};
  REQUIRE(poll(&ready, 1, 60'000) == 1);
  const auto holder = lock(path);
  CHECK(std::holds_alternative<Holder>(holder) && std::get<Holder>(holder).pid == pid);
  CHECK(contents(out.get()) == "a state");
  kill(pid, SIGUSR1);  // it goes on
  CHECK(exit_code(pid) == 0);
}

TEST("(the image that is tested by what goes along)") {
  const auto fds = inherited();
  if (fds.size() != 4) SKIP("only by exec");
  CHECK(!close_on_exec(fds[0]) && !close_on_exec(fds[3]));
  auto taken = Signals::take();
  REQUIRE(std::holds_alternative<Signals>(taken));
  auto& signals = std::get<Signals>(taken);
  const auto waiting = signals.inherit(Fd(fds[3]), Signals::kRecordBytes);
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].signal == SIGHUP && waiting[0].pid == getpid());
  SignalFact fact;
  CHECK(signals.next(fact) && fact.signal == SIGTERM && fact.pid == getpid());
  CHECK(!signals.next(fact));
  const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  CHECK((fcntl(fds[1], F_GET_SEALS) & seals) == seals);
  const std::string text = contents(fds[1]);
  CHECK(write(fds[0], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  CHECK(until([&] { return signals.next(fact); }) && fact.signal == SIGUSR1);
}

TEST("an exec that fails leaves everything as it was") {
  CHECK(exit_code(elsewhere([] {
    auto taken = Signals::take();
    auto memfd = sealed_memfd("");
    if (taken.index() != 0 || memfd.index() != 0) return 2;
    auto& signals = std::get<Signals>(taken);
    const int fd = std::get<Fd>(memfd).get();
    fcntl(1, F_SETFD, FD_CLOEXEC);  // as Node does
    const Fault fault = exec_next({"/not/there", {"x"}, {fd}, "/not/there/either"});
    if (fault.error != ENOENT || fault.subject != "/not/there") return 3;
    if (!close_on_exec(fd) || !close_on_exec(1) || close_on_exec(2)) return 4;
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, nullptr, &blocked);
    for (const int signal : Signals::kTaken) {
      SignalFact fact;
      raise(signal);
      if (sigismember(&blocked, signal) || !signals.next(fact) || fact.signal != signal) return 5;
    }
    return 0;
  })) == 0);
}

TEST("a signal that comes at any moment of an exec is told") {
  int to[2], from[2];
  REQUIRE(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
  Fd there(to[1]), out(from[0]);
  const pid_t pid = elsewhere([&] {
    auto taken = Signals::take();
    if (taken.index() != 0) return 2;
    raise(SIGHUP);
    exec_test("(the image that is tested by signals)", {to[0], from[1], std::get<Signals>(taken).fd()},
              std::get<Signals>(taken));
    return 3;
  });
  close(to[0]);
  close(from[1]);
  std::mt19937 chance(20120713);
  char told = 0;
  REQUIRE(read(out.get(), &told, 1) == 1);
  for (int n = 0; n < 500; ++n) {
    REQUIRE(write(there.get(), "x", 1) == 1);
    const auto then = std::chrono::steady_clock::now() + std::chrono::microseconds(chance() % 2000);
    while (std::chrono::steady_clock::now() < then) {}
    kill(pid, n % 2 == 0 ? SIGHUP : SIGTERM);
    REQUIRE(read(out.get(), &told, 1) == 1);
    CHECK(told == (n % 2 == 0 ? 'h' : 't'));
  }
  there.reset();
  CHECK(exit_code(pid) == 0);
}

// Says which signal it got, asks for an exec, and is followed by another one of its kind.
TEST("(the image that is tested by signals)") {
  const auto fds = inherited();
  if (fds.size() != 3) SKIP("only by exec");
  auto taken = Signals::take();
  REQUIRE(std::holds_alternative<Signals>(taken));
  auto& signals = std::get<Signals>(taken);
  auto waiting = signals.inherit(Fd(fds[2]), Signals::kRecordBytes);
  SignalFact fact;
  if (waiting.empty() && !until([&] { return signals.next(fact); })) return;
  const int signal = waiting.empty() ? fact.signal : waiting[0].signal;
  const char told = waiting.size() > 1 ? '2' : signal == SIGHUP ? 'h' : 't';
  REQUIRE(write(fds[1], &told, 1) == 1);
  char go;
  if (read(fds[0], &go, 1) != 1) return;
  exec_test("(the image that is tested by signals)", {fds[0], fds[1], signals.fd()}, signals);
}
