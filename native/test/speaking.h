// Programs that speak sd_notify(3), and a whole Host that hears them.
//
// The program is this very executable, started again: with SAYS in its environment it sends what stands there, one message
// after the other, and no test is run.
#pragma once
#include <grp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

#include "../host.h"
#include "../notify.h"
#include "contract.h"

namespace speaking {

using namespace contract;

// As libsystemd does it: waits where the receiver does not read. `fd`: goes along, -1: none.
inline bool say(const std::string& name, std::string_view text, int fd = -1) {
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  std::memcpy(place.sun_path + 1, name.data(), name.size());
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_name = &place;
  message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char rights[CMSG_SPACE(3 * sizeof(int))] = {};
  if (fd >= 0) {
    message.msg_control = rights;
    message.msg_controllen = sizeof rights;
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(3 * sizeof(int));
    const int three[] = {fd, fd, fd};
    std::memcpy(CMSG_DATA(head), three, sizeof three);
  }
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return sendmsg(socket.get(), &message, MSG_NOSIGNAL) >= 0;
}

// sd_notify_barrier(3): returns once all copies of a descriptor are closed that is sent.
inline bool await_barrier(const std::string& name) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  const Fd end(ends[0]);
  Fd sent(ends[1]);
  if (!say(name, "BARRIER=1", sent.get())) return false;
  sent.reset();
  char byte;
  return read(end.get(), &byte, 1) == 0;
}

// What is to be said is separated by `|`. What begins with `!` is done: `!flood`, `!barrier`, `!wait` (for ever),
// `!nobody` (becomes that user), `!leave` (goes on as an orphan).
inline int speak(std::string script) {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  const std::string name = socket ? socket + 1 : "";
  while (!script.empty()) {
    const size_t end = std::min(script.find('|'), script.size());
    const std::string word = script.substr(0, end);
    script.erase(0, end + 1);
    if (word == "!flood") while (say(name, "STATUS=flood")) continue;
    else if (word == "!wait") for (;;) pause();
    else if (word == "!nobody" && setresuid(65534, 65534, 65534) != 0) return 2;
    else if (word == "!leave" && fork() > 0) return 0;
    else if (word == "!barrier" && !await_barrier(name)) return 3;
    else if (word[0] != '!' && !say(name, word)) return 4;
  }
  return 0;
}

inline const bool kIsTest = [] {
  if (const char* script = std::getenv("SAYS")) _exit(speak(script));
  return true;
}();

inline std::string fresh_name() {
  static int count = 0;
  return "sentry.test." + std::to_string(getpid()) + "." + std::to_string(++count);
}

inline Request speaker(RunId run, const std::string& name, const std::string& script) {
  Request asked = request(run, {"/proc/self/exe"});
  asked.notify = name;
  asked.kept = "mark." + std::to_string(run) + " a:0";
  asked.env = {"NOTIFY_SOCKET=@" + name, "SAYS=" + script};
  asked.out_sink.reset();
  asked.err_sink.reset();
  return asked;
}

// All the threads, and whoever takes the facts from them: at once, unless it is told to be busy.
class Whole {
 public:
  explicit Whole(KeeperLink link = {}) : keeper(std::move(link)) {
    host_ = std::make_unique<Host>(Host::Options{}, Host::Inherited{}, keeper, [this] { woken(); });
    host_->spare(false);
  }

  ~Whole() { be_busy(); }
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;

  Host* operator->() { return host_.get(); }

  void be_busy() {
    const std::lock_guard lock(mutex_);
    busy_ = true;
  }
  // How many came with it.
  int take() {
    const std::lock_guard lock(mutex_);
    return take_locked();
  }

  std::vector<std::string> said(RunId run) {
    std::vector<std::string> texts;
    for (const Fact& fact : facts.all())
      if (const auto* told = std::get_if<NotifiedFact>(&fact); told && told->run == run) texts.push_back(told->text);
    return texts;
  }
  bool await_said(RunId run, const std::string& text) {
    return facts.await_that<NotifiedFact>([&](const NotifiedFact& fact) { return fact.run == run && fact.text == text; })
        .has_value();
  }
  void end(RunId run) {
    host_->end(run, SIGKILL, Scope::tree);
    facts.await<ExitFact>(run);
    host_->reap(run);
  }

  // All that was asked of the waiting thread before is done.
  void await_done() {
    const int64_t token = ++tokens_;
    host_->strays(token);
    facts.await_that<StraysFact>([&](const StraysFact& fact) { return fact.token == token; });
  }

  Facts facts;
  KeeperLink keeper;

 private:
  void woken() {
    const std::lock_guard lock(mutex_);
    if (!busy_ && host_) take_locked();
  }
  int take_locked() {
    int count = 0;
    for (Fact& fact : host_->take_facts()) facts.add(std::move(fact)), ++count;
    return count;
  }

  int64_t tokens_ = 0;
  std::mutex mutex_;
  bool busy_ = false;
  std::unique_ptr<Host> host_;
};

// CPU time of this process.
inline int64_t used_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

// How often any thread of this process but the first was given the processor.
inline long switches_of_others() {
  long all = 0;
  if (DIR* tasks = opendir("/proc/self/task")) {
    while (const dirent* task = readdir(tasks)) {
      if (task->d_name[0] == '.' || std::atoi(task->d_name) == getpid()) continue;
      const std::string path = "/proc/self/task/" + std::string(task->d_name) + "/status";
      std::FILE* status = std::fopen(path.c_str(), "re");
      char line[256];
      long count = 0;
      while (status && std::fgets(line, sizeof line, status))
        if (std::sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1) all += count;
      if (status) std::fclose(status);
    }
    closedir(tasks);
  }
  return all;
}

// They have come to rest, and sleep on for a while.
inline bool all_sleep() {
#ifdef __SANITIZE_THREAD__
  return true;  // ThreadSanitizer has a thread of its own, which wakes ten times a second
#endif
  const auto unchanged_for = [](int ms) {
    const long before = switches_of_others();
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    return switches_of_others() == before;
  };
  return until([&] { return unchanged_for(20); }) && unchanged_for(300);
}

}  // namespace speaking
