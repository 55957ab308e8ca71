// What the tests of the keeper share: a keeper with a place of its own, and owners that can be killed.
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "../keeper_link.h"
#include "../sockets.h"
#include "folder.h"
#include "until.h"

namespace keeping {

using namespace sentry;

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  Fd out, in;
};

inline bool print(const Fd& to, const std::string& text) {
  return write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// What is there to be read now, or comes until the end.
inline std::string read_all(const Fd& from, size_t most = 4096) {
  std::string text(most, '\0');
  const ssize_t length = read(from.get(), text.data(), most);
  return length > 0 ? text.substr(0, static_cast<size_t>(length)) : "";
}

inline bool is_hung_up(int fd, int wait_ms = 0) {
  pollfd one{fd, 0, 0};
  return poll(&one, 1, wait_ms) == 1 && (one.revents & (POLLHUP | POLLERR)) != 0;
}

// Of a file in /proc: all that one read gives.
inline std::string text_of(const std::string& path) { return read_all(Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC))); }

// A folder, and the keeper in it: a child of ours, or of a process that has ended, which is ours from then on.
class Place {
 public:
  Place() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Place() {
    if (const int pid = keeper(); pid > 0) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    while (waitpid(-1, nullptr, WNOHANG) > 0) continue;  // one that has ended by itself
    prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  std::string path() const { return folder.path + "/keeper"; }
  std::optional<Fault> start(KeeperLink& link) const { return link.start(KEEPER, path()); }

  // Its pid, by the name that it runs under; 0 where there is none. A zombie has no name any more.
  int keeper() const {
    const std::string wanted = std::string("sentry-keeper") + '\0' + path() + '\0';
    int found = 0;
    if (DIR* processes = opendir("/proc")) {
      while (const dirent* process = readdir(processes))
        if (text_of("/proc/" + std::string(process->d_name) + "/cmdline") == wanted) found = std::atoi(process->d_name);
      closedir(processes);
    }
    return found;
  }

  Folder folder;
};

// A Sentry in miniature: starts a keeper, gives it things, and does nothing more until it is killed.
class Owner {
 public:
  Owner(const Place& place, const std::function<void(KeeperLink&)>& give, const std::function<void()>& before = [] {}) {
    Pipe ready;
    pid_ = fork();
    if (pid_ == 0) {
      before();
      KeeperLink link;
      if (place.start(link)) _exit(1);
      give(link);
      print(ready.in, "!");
      for (;;) pause();
    }
    ready.in.reset();
    done = read_all(ready.out) == "!";
  }
  ~Owner() { end(); }

  // SIGKILL, and wholly gone when this returns.
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  bool done = false;

 private:
  int pid_;
};

// The read end of a pipe that has these bytes in it, and no writer any more.
inline void hold_printed(KeeperLink& link, const std::string& label, const std::string& text) {
  const Pipe pipe;
  print(pipe.in, text);
  link.hold(label, pipe.out.get());
}

// What a keeper gives, by label.
inline std::map<std::string, Fd> by_label(std::optional<std::vector<Held>> held) {
  std::map<std::string, Fd> found;
  if (held)
    for (Held& one : *held) found[one.label] = std::move(one.fd);
  return found;
}

// All the times that a process has been given the processor: it has not run as long as this stays the same.
inline long switches_of(int pid) {
  const std::string status = text_of("/proc/" + std::to_string(pid) + "/status");
  long voluntary = -1, forced = -1;
  const size_t at = status.find("voluntary_ctxt_switches:");
  if (at != std::string::npos)
    std::sscanf(status.c_str() + at, "%*s %ld %*s %ld", &voluntary, &forced);
  return voluntary + forced;
}

// It has come to rest, and then does nothing for a while.
inline bool sleeps(int pid) {
  long before = -1;
  const auto unchanged_for = [&](int ms) {
    before = switches_of(pid);
    poll(nullptr, 0, ms);
    return switches_of(pid) == before;
  };
  return until([&] { return unchanged_for(20); }) && unchanged_for(300) && before > 0;
}

}  // namespace keeping
