#include "../lockfile.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "check.h"
#include "folder.h"

using namespace sentry;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void write_to(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

int wait_for(int pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

// A process that runs `body` when it is ready, and then lives until it is killed.
template <class Body>
int living(Body body) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const int pid = fork();
  if (pid == 0) {
    body();
    if (write(ends[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char ready;
  close(ends[1]);
  if (read(ends[0], &ready, 1) != 1) CHECK(!"the process became ready");
  close(ends[0]);
  return pid;
}

void end(int pid) {
  kill(pid, SIGKILL);
  wait_for(pid);
}

int error_of(const std::variant<LockFile, Holder, Fault>& result) {
  const auto* fault = std::get_if<Fault>(&result);
  return fault == nullptr ? 0 : fault->error;
}

int holder_of(const std::variant<LockFile, Holder, Fault>& result) {
  const auto* holder = std::get_if<Holder>(&result);
  return holder == nullptr ? -1 : holder->pid;
}

// An empty or wrong file, and a lock on it that no Sentry has taken.
int held_descriptor(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  flock(fd, LOCK_EX);
  return fd;
}

}  // namespace

TEST("the file has the pid and a newline, mode 0600, and is gone after a clean end") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  auto locked = lock(path);
  REQUIRE(std::holds_alternative<LockFile>(locked));
  auto& file = std::get<LockFile>(locked);
  CHECK(text_of(path) == std::to_string(getpid()) + "\n");
  CHECK((fs::status(path).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK((fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(file.remove());
  CHECK(!fs::exists(path));
  CHECK(!file.remove());
}

TEST("a live holder is named, and its file is not touched") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  const int holder = living([&] { new auto(lock(path)); });
  CHECK(holder_of(lock(path)) == holder);
  CHECK(text_of(path) == std::to_string(holder) + "\n");
  end(holder);
}

TEST("a stale file is taken over, however long its number") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  for (const char* stale : {"", "1\n", "999999999999999\n", "not a number at all"}) {
    write_to(path, stale);
    const auto locked = lock(path);
    CHECK(std::holds_alternative<LockFile>(locked));
    CHECK(text_of(path) == std::to_string(getpid()) + "\n");
  }
}

TEST("a holder that was killed leaves the lock to the next") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  end(living([&] { new auto(lock(path)); }));
  CHECK(std::holds_alternative<LockFile>(lock(path)));
}

TEST("a dead holder's child that is about to exec holds the lock for a moment only") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  int pid_of_child[2];
  REQUIRE(pipe(pid_of_child) == 0);
  const int holder = living([&] {
    new auto(lock(path));
    const int child = fork();
    if (child == 0) {
      // The holder's death is the moment from which it holds the lock alone: for 100 ms more.
      while (getppid() != 1 && kill(atoi(text_of(path).c_str()), 0) == 0) usleep(1000);
      usleep(100'000);
      _exit(0);
    }
  });
  end(holder);
  CHECK(std::holds_alternative<LockFile>(lock(path)));
  close(pid_of_child[0]);
  close(pid_of_child[1]);
}

TEST("a lock that a dead holder's child never lets go of is reported in the end") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  const int dead = fork();
  if (dead == 0) _exit(0);
  wait_for(dead);
  const Fd held{held_descriptor(path)};
  write_to(path, std::to_string(dead) + "\n");
  CHECK(holder_of(lock(path)) == dead);
}

TEST("a holder that has not written its pid yet is waited for, one that never does has none") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  const int holder = living([&] {
    held_descriptor(path);
    if (fork() != 0) return;
    usleep(100'000);
    write_to(path, std::to_string(getppid()) + "\n");
    _exit(0);
  });
  CHECK(holder_of(lock(path)) == holder);
  end(holder);
  const std::string mute = folder.path + "/mute.pid";
  const Fd held{held_descriptor(mute)};
  CHECK(holder_of(lock(mute)) == 0);
}

TEST("a lock on a file that was removed meanwhile is none") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  // Many take it, and remove it at once: a lock on what is no longer at that path would let two in together.
  const std::string inside = folder.path + "/inside";
  int children[4];
  for (int& child : children) {
    child = fork();
    if (child != 0) continue;
    for (int round = 0; round < 50;) {
      auto locked = lock(path);
      auto* file = std::get_if<LockFile>(&locked);
      if (file == nullptr) continue;
      const Fd alone{open(inside.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
      if (!alone) _exit(1);
      unlink(inside.c_str());
      if (!file->remove()) _exit(2);
      ++round;
    }
    _exit(0);
  }
  for (const int child : children) CHECK(wait_for(child) == 0);
}

TEST("a file that is a successor's by now is not removed") {
  const Folder folder;
  const std::string path = folder.path + "/sample.pid";
  auto first = lock(path);
  unlink(path.c_str());
  auto second = lock(path);
  REQUIRE(std::holds_alternative<LockFile>(first) && std::holds_alternative<LockFile>(second));
  CHECK(!std::get<LockFile>(first).remove());
  CHECK(fs::exists(path));
}

TEST("links, pipes, folders and other people's files are refused and left as they are") {
  const Folder folder;
  const std::string victim = folder.path + "/victim", link = folder.path + "/link", pipe = folder.path + "/pipe";
  write_to(victim, "precious");
  fs::create_symlink(victim, link);
  CHECK(error_of(lock(link)) == ELOOP);
  fs::remove(link);
  fs::create_hard_link(victim, link);
  CHECK(error_of(lock(link)) == EPERM);
  fs::remove(link);
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(error_of(lock(pipe)) == EINVAL);
  CHECK(error_of(lock(folder.path)) == EISDIR);
  CHECK(error_of(lock(folder.path + "/none/sample.pid")) == ENOENT);
  if (geteuid() == 0) {
    REQUIRE(chown(victim.c_str(), 65534, 65534) == 0);
    CHECK(error_of(lock(victim)) == EPERM);
  }
  CHECK(text_of(victim) == "precious");
}
